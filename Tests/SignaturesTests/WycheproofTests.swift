// The vectors of the Wycheproof project for JWS and JWK, with the verdict that each should get.

import Bytes
import Foundation
import OpenSSL
import Testing

@testable import Signatures

/// One file of vectors.
private struct VectorFile: Decodable {
  struct Group: Decodable {
    let comment: String?
    let `public`: JSONText?
    let `private`: JSONText?
    let tests: [Vector]
  }

  struct Vector: Decodable {
    let tcId: Int
    let comment: String
    /// Nil for what is an encrypted token. One vector has the form of JSON, which is kept as text.
    let jws: String?
    let result: String

    enum CodingKeys: CodingKey { case tcId, comment, jws, result }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      tcId = try container.decode(Int.self, forKey: .tcId)
      comment = try container.decode(String.self, forKey: .comment)
      jws =
        (try? container.decode(String.self, forKey: .jws))
        ?? (try? container.decode(JSONText.self, forKey: .jws))?.text
      result = try container.decode(String.self, forKey: .result)
    }
  }

  let testGroups: [Group]
}

/// A part of a file, as text again.
private struct JSONText: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let value = try AnyJSON(from: decoder)
    text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }
}

private enum AnyJSON: Codable {
  case text(String), list([AnyJSON]), object([String: AnyJSON])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([AnyJSON].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: AnyJSON].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .object(let members): try container.encode(members)
    }
  }
}

@Suite struct WycheproofTests {
  let library: LibraryContext

  init() throws { library = try LibraryContext() }

  /// Vectors that get another verdict here, and why.
  private static let exclusions: [String: [Int: String]] = [
    "json_web_signature_test.json": [
      347: "the key names the algorithm ES521, which does not exist",
      351: "the key names the algorithm ES521, which does not exist",
      346: "the key is for PS256, and the token names PS384",
      350: "the key is for PS256, and the token names PS384",
      // Both mean to show padding, which their text has lost: it is letter for letter the token
      // that vectors 372 and 373 become without their question marks, and its code is right.
      367: "a token without padding, as RFC 7515 section 2 wants it",
      370: "a token without padding, as RFC 7515 section 2 wants it",
      372: "a question mark is no character of a token",
      373: "a question mark is no character of a token",
    ],
    "json_web_key_test.json": [:], "json_web_crypto_test.json": [:],
  ]

  @Test(
    .enabled(if: Vectors.folder != nil, "no vectors: set SLUICE_VECTORS"),
    arguments: [
      ("json_web_signature_test.json", 401), ("json_web_key_test.json", 26),
      // The rest of this file's 83 are encrypted tokens, which are no tokens here.
      ("json_web_crypto_test.json", 49),
    ])
  func `every vector gets its verdict`(file: String, count: Int) throws {
    let folder = try #require(Vectors.folder) + "/wycheproof/"
    let data = try #require(FileManager.default.contents(atPath: folder + file))
    var judged = 0
    for group in try JSONDecoder().decode(VectorFile.self, from: data).testGroups {
      guard let key = group.public?.text ?? group.private?.text else { continue }
      let set = key.contains("\"keys\"") ? key : "{\"keys\":[\(key)]}"
      for vector in group.tests {
        guard let token = vector.jws else { continue }
        judged += 1
        let isTaken = judge(token, set)
        if let reason = Self.exclusions[file]?[vector.tcId] {
          #expect(isTaken != (vector.result == "valid"), "\(vector.tcId): \(reason)")
        } else {
          #expect(
            isTaken == (vector.result == "valid"),
            "\(vector.tcId) \(vector.comment): \(outcome(token, set))")
        }
      }
    }
    #expect(judged == count)
  }

  private func judge(_ token: String, _ set: String) -> Bool { outcome(token, set) == "valid" }

  private func outcome(_ token: String, _ set: String) -> String {
    do {
      let keys = try KeySet(jwks: set.utf8Span.span, library: library)
      let judge = try SignatureJudge(
        keys, algorithms: Set(JWSAlgorithm.allCases), library: library)
      let text = token.utf8Span.span
      let parsed = try CompactJWS(text)
      try judge.judge(parsed, text)
      return "valid"
    } catch {
      return "\(error)"
    }
  }
}
