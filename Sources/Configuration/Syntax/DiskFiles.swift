// Files of the machine, read whole. Control path only.

import FoundationEssentials

/// The real files. Relative paths are relative to the working folder.
package struct DiskFiles: FileSource {
  package init() {}

  package func read(_ path: String) throws(FileProblem) -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch let error as CocoaError {
      switch error.code {
      case .fileReadNoSuchFile, .fileNoSuchFile: throw .missing
      case .fileReadNoPermission: throw .denied
      default: throw .other("it is no readable file")
      }
    } catch {
      throw .other("it is no readable file")
    }
  }

  package func names(inFolder path: String) -> [String]? {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path.isEmpty ? "." : path)
    } catch {
      // A folder that is not there holds nothing: a glob that finds nothing is fine.
      return nil
    }
  }
}
