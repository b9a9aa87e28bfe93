// Whatever the bytes of a chunked body: pieces give the same data as the whole, and no more of it
// than there are bytes.
import Bytes
import HTTP1
import HTTPMessage

enum ChunkedProperty {
  private struct Reading: Equatable {
    var data: [UInt8] = []
    var trailers: [[UInt8]] = []
    var isEnded = false
    var error: HTTP1Error?
  }

  static func check(_ bytes: [UInt8]) {
    var whole = Body()
    whole.read(Feeding.whole(bytes))
    var pieced = Body()
    do throws(HTTP1Error) {
      _ = try Feeding.pieces(bytes) { buffer throws(HTTP1Error) -> Void? in
        pieced.read(buffer)
        return pieced.reading.isEnded || pieced.reading.error != nil ? () : nil
      }
    } catch {
      preconditionFailure("The step above throws nothing.")
    }
    precondition(whole.reading == pieced.reading, "Pieces read otherwise than the whole.")
    precondition(whole.reading.data.count <= bytes.count, "Data comes from the bytes.")
    guard whole.reading.isEnded else { return }
    precondition(whole.reading.error == nil, "A body that ended has no error.")
  }

  /// A decoder and what came out of it so far.
  private struct Body {
    var reading = Reading()
    private var decoder = ChunkedDecoder(limits: ChunkLimits(), trailers: .trailers)
    private let fields = FieldSection(addedBytesMax: 64)
    private var isInTrailers = false

    mutating func read(_ buffer: Buffer) {
      do throws(HTTP1Error) {
        while !isInTrailers {
          switch try decoder.next(buffer) {
          case .needsMore: return
          case .end:
            reading.isEnded = true
            return
          case .trailers: isInTrailers = true
          case .data(let count):
            precondition(count > 0 && count <= buffer.count, "Data stands in the buffer.")
            reading.data += buffer.bytes.extracting(0..<count).array
            decoder.take(count, from: buffer)
          }
        }
        guard try decoder.parseTrailers(buffer, into: fields) == .done else { return }
        reading.trailers = fields.forwarded
        reading.isEnded = true
      } catch {
        reading.error = error
      }
    }
  }
}
