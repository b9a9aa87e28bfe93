// `mirror`: copies of requests, for an upstream whose answers nobody gets.

package struct MirrorSettings: Sendable {
  package var upstream = ""
  package var share = Percent.percent(100)
}

extension CoreDirectives {
  package static let mirror = Manual<MirrorSettings>(
    directive: "mirror",
    summary: "Sends a copy of some requests to another upstream and throws its answers away. The "
      + "request itself never waits for it: copies above a bound, and bodies above 64 KiB, are "
      + "left out and counted.",
    inheritance: .keyedSet(keyArguments: 1),
    arguments: [
      .reference("upstream", \.upstream, to: .upstream, "Where copies go."),
      .value("share", \.share, .percent, "The share of requests that are copied.").optional,
    ],
    defaults: MirrorSettings(), properties: [],
    examples: [
      Example("a new version sees a twentieth of the traffic", config: "mirror orders-next 5%")
    ])
}
