// What no file of the project carries: private keys, and the paths and tool names of one machine.

enum PrivacyRules {
  /// The first line of a private key in PEM form, put together so that this file holds none.
  private static let keyOpening = Pattern("-----BEGIN [A-Z ]*" + "PRIVATE KEY-----")

  static func privateKeys(_ file: SourceFile) -> [Violation] {
    file.violations(
      "a private key is never committed; generate it", in: file.lines, where: keyOpening.isIn)
  }

  /// Files that are keys by their name.
  static func keyFiles(_ paths: [String]) -> [Violation] {
    let endings = [".key", ".pem", ".p12", ".pfx", ".jks"]
    return paths.filter { path in endings.contains { path.hasSuffix($0) } }.map {
      Violation(path: $0, line: 1, message: "keys and certificates are generated, not committed")
    }
  }

  /// Home and work folders hold for one machine only.
  static func machinePaths(_ file: SourceFile) -> [Violation] {
    file.violations("the path holds for one machine only", in: file.lines, where: machinePath.isIn)
  }

  private static let machinePath = Pattern(#"(?:^|[\s"'`(=:])/(?:home|root|Users|work)/[a-z]"#)

  /// Digests of lower-case words that name the tools of one workplace. Digests, so that this file
  /// does not hold the words.
  static let toolWords: Set<UInt64> = [
    0x2391_9480_3edf_98f7, 0x2524_b426_1996_11b3, 0x7f7a_7547_86a6_64b8, 0x8a1b_8f4a_0a91_3503,
    0x2ffb_778d_fae5_4384, 0xd4c8_0b5a_1bd0_7e8e, 0xa113_d274_5d70_6ce3, 0xf5f1_1019_0cf0_efce,
    0x04dc_2554_6038_2976,
  ]

  static func toolNames(
    _ file: SourceFile, words: Set<UInt64> = PrivacyRules.toolWords
  ) -> [Violation] {
    file.violations("the line names a tool that is no part of the project", in: file.lines) {
      line in
      line.lowercased().split { !($0 >= "a" && $0 <= "z") }.contains { words.contains(digest($0)) }
    }
  }

  /// FNV-1a of the bytes of a word.
  static func digest(_ word: some StringProtocol) -> UInt64 {
    word.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
