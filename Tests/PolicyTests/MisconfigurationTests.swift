// Ways to get auth, TLS or CORS wrong in a config: each stops the load, so that nothing is served
// with less policy than was meant. The config as it stands is taken; every row changes one thing.

import Configuration
import Testing

@testable import Policies

/// What stands in the config, what stands there by mistake, and the code that says so.
struct Misconfiguration: Sendable, CustomTestStringConvertible {
  let text: String
  let mistake: String
  let code: String

  init(_ text: String, _ mistake: String, _ code: String) {
    self.text = text
    self.mistake = mistake
    self.code = code
  }

  var testDescription: String { "\(text) -> \(mistake)" }

  static let config = """
    sluice 1
    client-ip trust=[10.0.0.0/8] from=x-forwarded-for
    certificate edge names=[api.example.com] cert="edge.pem" key="edge.key"
    identity partner key header=x-api-key keys="keys.conf"
    identity ops key cookie=ops keys="ops.conf"
    bucket per-ip rate=50/s burst=100 key=[client.ip]
    listener edge {
      bind :8443 protocols=[h2 http/1.1]
      tls min=1.3 certificates=[edge] client-ca="ca.pem" client-cert=optional unknown-name=refuse
    }
    listener plain {
      bind :8080
      redirect https
    }
    upstream orders {
      server 10.0.0.1:8443
      tls verify=on server-name=orders.internal ca="ca.pem"
    }
    defaults {
      timeout total=15s
      body max=1MiB
      secure-headers profile=api hsts-max-age=730d
      limit per-ip
      access deny=[192.0.2.0/24]
    }
    enforce {
      auth
      timeout total<=30s
      body max<=10MiB
      secure-headers hsts-max-age>=365d
      cors credentials=off methods<=[GET HEAD POST]
      access deny=[198.51.100.0/24]
      limit per-ip
    }
    group api {
      match host=api.example.com path=/v1/**
      auth any=[partner ops] require=[scope:orders:read]
      allow when="header.x-tenant == identity.claims.subject"
      to orders
      route list {
        match method=GET path=/v1/orders
        cors origins=[https://app.example.com] methods=[GET] headers=[authorization] max-age=10m
      }
      route create {
        match method=POST path=/v1/orders
        auth all=[partner ops] require=[scope:orders:write role:editor]
        body max=20MiB
      }
    }
    waive body.max route=api.create reason="scans, SEC-7" owner=sec until=2030-01-01
    assert everywhere {
      require auth limit access
      forbid cors.credentials=on
    }
    assert outside {
      require tls.min>=1.2 upstream.tls=on where listener=edge
    }

    """

  static let all = ofAuth + ofRules + ofTLS + ofCORS + ofEnforcement
}

extension Misconfiguration {
  private static let oneOf = "auth any=[partner ops] require=[scope:orders:read]"
  private static let both = "auth all=[partner ops] require=[scope:orders:write role:editor]"
  private static let partner = "identity partner key header=x-api-key keys=\"keys.conf\""

  fileprivate static let ofAuth = [
    Misconfiguration(oneOf, "", "P0105"), Misconfiguration(oneOf, "auth", "E0126"),
    Misconfiguration(oneOf, "auth none", "P0110"), Misconfiguration(oneOf, "auth off", "E0111"),
    Misconfiguration(oneOf, "auth any=[]", "E0126"),
    Misconfiguration(oneOf, "auth all=[]", "E0126"),
    Misconfiguration(oneOf, "auth optional=[partner]", "P0110"),
    Misconfiguration(oneOf, "auth any=[partner] shadow=on", "P0110"),
    Misconfiguration(oneOf, "auth none any=[partner]", "E0126"),
    Misconfiguration(oneOf, "auth any=[partner] all=[ops]", "E0126"),
    Misconfiguration(oneOf, "auth any=[partner] optional=[ops]", "E0126"),
    Misconfiguration(oneOf, "auth any=[partner partner]", "E0127"),
    Misconfiguration(oneOf, "auth any=[partners]", "E0121"),
    Misconfiguration(oneOf, "auth any=partner", "E0111"),
    Misconfiguration(oneOf, "auth any=[\"Partner\"]", "E0111"),
    Misconfiguration(oneOf, "auth one=[partner]", "E0110"),
    Misconfiguration(oneOf, "auth any+=[partner]", "E0117"),
    Misconfiguration(oneOf, "auth any>=[partner]", "E0117"),
    Misconfiguration(oneOf, "auht any=[partner]", "E0107"),
    Misconfiguration(oneOf, "Auth any=[partner]", "E0107"),
    Misconfiguration(oneOf, "auth any=[env(\"IDENTITY\")]", "E0118"),
    Misconfiguration(oneOf, "auth any=[partner] require=[orders:read]", "E0111"),
    Misconfiguration(oneOf, "auth any=[partner] require=[scope:]", "E0111"),
    Misconfiguration(oneOf, "auth any=[partner] require=[Scope:orders]", "E0111"),
    Misconfiguration(oneOf, "auth any=[partner] require=[claim:orders]", "E0111"),
    Misconfiguration(oneOf, "auth any=[partner] require=scope:orders", "E0111"),
    Misconfiguration(oneOf, "auth optional=[partner] require=[scope:orders]", "P0110"),
    Misconfiguration(oneOf, "auth any=[partner] require=[\"scope:a b\"]", "E0111"),
    Misconfiguration(oneOf, "auth any=[partner] shadow=yes", "E0111"),
    Misconfiguration(oneOf, "auth any=[partner] shadow=on shadow=off", "E0115"),
    Misconfiguration(oneOf, "auth any=[partner]\nauth any=[ops]", "E0116"),
    Misconfiguration(both, "auth none", "P0110"),
    Misconfiguration(both, "auth all=[ops] {", "E0106"),
    Misconfiguration(both, "auth all=[partner device]", "E0121"),
    Misconfiguration(partner, "", "E0121"),
    Misconfiguration(partner, "identity partner key header=x-api-key", "E0113"),
    Misconfiguration(partner, "identity partner keys keys=\"keys.conf\"", "E0111"),
    Misconfiguration(partner, "identity partner keys=\"keys.conf\"", "E0113"),
    Misconfiguration(partner, "identity partner key header=authorization keys=\"k\"", "E0126"),
    Misconfiguration(partner, "identity partner key header=cookie keys=\"k\"", "E0126"),
    Misconfiguration(partner, "identity partner key header=\"x api\" keys=\"k\"", "E0111"),
    Misconfiguration(partner, "identity partner key query=key keys=\"k\"", "E0109"),
    Misconfiguration(
      partner, "identity partner key header=x-a cookie=a keys=\"k\"", "E0126"),
    Misconfiguration(
      partner, "identity partner key keys=\"k\" claim-header.host=subject", "E0126"),
    Misconfiguration(
      partner, "identity partner key keys=\"k\" claim-header.x-a=password", "E0126"),
    Misconfiguration("identity ops key", "identity partner key", "E0120"),
    Misconfiguration("identity ops key", "identity none key", "E0111"),
    Misconfiguration("bind :8080\n  redirect https", "bind :8080", "A0106"),
    Misconfiguration("require auth limit", "require auht limit", "E0107"),
  ]

  private static let allow = "allow when=\"header.x-tenant == identity.claims.subject\""

  fileprivate static let ofRules = [
    Misconfiguration(allow, "allow", "E0113"),
    Misconfiguration(allow, "allow when=\"\"", "E0111"),
    Misconfiguration(allow, "allow if=\"method == 'GET'\"", "E0110"),
    Misconfiguration(allow, "allow when=\"method == 'get'\"", "E0111"),
    Misconfiguration(allow, "allow when=\"method = 'GET'\"", "E0111"),
    Misconfiguration(allow, "allow when=\"identity.subjekt == 'a'\"", "E0109"),
    Misconfiguration(allow, "allow when=\"header.x-tenant == \"", "E0111"),
    Misconfiguration(allow, "allow when=\"client.ip == 10.0.0.0/8\"", "E0111"),
    Misconfiguration(allow, "allow when=\"client.ip in [10.0.0.1/8]\"", "E0111"),
    Misconfiguration(allow, "allow when=\"path in []\"", "E0111"),
    Misconfiguration(allow, "allow when=\"(method == 'GET'\"", "E0111"),
    Misconfiguration(allow, "allow when=\"path.id == '1'\"", "P0108"),
    Misconfiguration(allow, "allow when=env(\"RULE\")", "E0118"),
    Misconfiguration(allow, "allow when=file(\"rule\")", "E0118"),
    Misconfiguration(oneOf, "auth optional=[partner]", "P0110"),
    Misconfiguration("access deny=[192.0.2.0/24]", "access", "E0126"),
    Misconfiguration("access deny=[192.0.2.0/24]", "access deny=[]", "E0126"),
    Misconfiguration("access deny=[192.0.2.0/24]", "access deny=[192.0.2.1/24]", "E0112"),
    Misconfiguration("access deny=[192.0.2.0/24]", "access deny=[192.0.2.0/33]", "E0111"),
    Misconfiguration("access deny=[192.0.2.0/24]", "access denny=[192.0.2.0/24]", "E0110"),
    Misconfiguration("access deny=[192.0.2.0/24]", "access deny=[192.0.2.0/24", "E0104"),
    Misconfiguration("trust=[10.0.0.0/8]", "trust=[0.0.0.0/0]", "A0101"),
    Misconfiguration("trust=[10.0.0.0/8]", "trust=[\"::/0\"]", "A0101"),
    Misconfiguration("from=x-forwarded-for", "from=x-real-ip", "E0111"),
    Misconfiguration("key=[client.ip]", "key=[client.adress]", "E0111"),
    Misconfiguration("limit per-ip\n  access", "limit per-ipp\n  access", "E0121"),
  ]

  private static let tls =
    "tls min=1.3 certificates=[edge] client-ca=\"ca.pem\" client-cert=optional unknown-name=refuse"

  fileprivate static let ofTLS = [
    Misconfiguration(tls, "", "A0106"), Misconfiguration(tls, "tls min=1.3", "E0113"),
    Misconfiguration(tls, "tls min=1.3 certificates=[]", "E0113"),
    Misconfiguration(tls, "tls min=1.1 certificates=[edge]", "E0111"),
    Misconfiguration(tls, "tls min=1.0 certificates=[edge]", "E0111"),
    Misconfiguration(tls, "tls min=off certificates=[edge]", "E0111"),
    Misconfiguration(tls, "tls certificates=[edgy]", "E0121"),
    Misconfiguration(tls, "tls certificate=[edge]", "E0110"),
    Misconfiguration(tls, "tls certificates=[edge] client-cert=optional", "E0126"),
    Misconfiguration(tls, "tls certificates=[edge] client-cert=required", "E0126"),
    Misconfiguration(tls, "tls certificates=[edge] client-ca=\"ca.pem\"", "E0126"),
    Misconfiguration(
      tls, "tls certificates=[edge] client-ca=\"ca.pem\" client-cert=want", "E0111"),
    Misconfiguration(
      tls, "tls certificates=[edge] client-ca=secret(\"file:ca.pem\") client-cert=required",
      "E0118"),
    Misconfiguration(tls, "tls certificates=[edge] verify=off", "E0110"),
    Misconfiguration(tls, "tls certificates=[edge] unknown-name=ignore", "E0111"),
    Misconfiguration(tls, "tls off", "E0114"), Misconfiguration(tls, tls + "\n" + tls, "E0116"),
    Misconfiguration("names=[api.example.com] ", "", "E0113"),
    Misconfiguration("names=[api.example.com]", "names=[]", "E0113"),
    Misconfiguration(" key=\"edge.key\"", "", "E0113"),
    Misconfiguration("cert=\"edge.pem\" ", "", "E0113"),
    Misconfiguration("cert=\"edge.pem\"", "cert=[edge.pem]", "E0111"),
    Misconfiguration("tls verify=on server-name", "tls verify=no server-name", "E0111"),
    Misconfiguration("tls verify=on server-name", "tls verfy=on server-name", "E0110"),
    Misconfiguration("tls verify=on server-name", "tls verify=off server-name", "E0126"),
    Misconfiguration("server-name=orders.internal", "server-name=*.internal", "E0111"),
    Misconfiguration("  tls verify=on server-name=orders.internal ca=\"ca.pem\"\n", "", "P0122"),
    Misconfiguration("bind :8443 protocols=[h2 http/1.1]", "bind :8443 protocols=[h3]", "E0111"),
  ]

  private static let cors =
    "cors origins=[https://app.example.com] methods=[GET] headers=[authorization] max-age=10m"

  fileprivate static let ofCORS = [
    Misconfiguration(cors, "cors", "E0126"), Misconfiguration(cors, "cors on", "E0114"),
    Misconfiguration(cors, "cors origins=[]", "E0126"),
    Misconfiguration(cors, "cors origins=[*] credentials=on", "A0121"),
    Misconfiguration(cors, "cors origins=[null] credentials=on", "A0121"),
    Misconfiguration(cors, "cors origins=[app.example.com]", "E0111"),
    Misconfiguration(cors, "cors origins=[https://app.example.com/]", "E0112"),
    Misconfiguration(cors, "cors origins=[https://*example.com]", "E0112"),
    Misconfiguration(cors, "cors origins=[https://app.*.com]", "E0112"),
    Misconfiguration(cors, "cors origins=[https://*]", "E0112"),
    Misconfiguration(cors, "cors origins=[\"https://app.example.com:99999\"]", "E0111"),
    Misconfiguration(cors, "cors origins=[https://App.example.com]", "E0112"),
    Misconfiguration(cors, "cors origins=[\".*\"]", "E0111"),
    Misconfiguration(cors, "cors origins=[https://app.example.com *]", "E0126"),
    Misconfiguration(cors, "cors origin=[https://app.example.com]", "E0110"),
    Misconfiguration(cors, "cors origins=https://app.example.com", "E0111"),
    Misconfiguration(
      cors, "cors origins=[https://app.example.com] credentials=true", "E0111"),
    Misconfiguration(
      cors, "cors origins=[https://app.example.com] credentials=on", "P0121"),
    Misconfiguration(
      cors, "cors origins=[https://app.example.com] methods=[GET DELETE]", "P0121"),
    Misconfiguration(cors, "cors origins=[https://app.example.com] methods=[get]", "E0111"),
    Misconfiguration(
      cors, "cors origins=[https://app.example.com] methods=[GET] headers=[\"a b\"]", "E0111"),
    Misconfiguration(
      cors, "cors origins=[env(\"ORIGIN\")] methods=[GET] max-age=forever", "E0111"),
    Misconfiguration("cors credentials=off", "cors credential=off", "E0110"),
  ]

  fileprivate static let ofEnforcement = [
    Misconfiguration("total=15s", "total=45s", "P0121"),
    Misconfiguration("total=15s", "total=off", "P0121"),
    Misconfiguration("timeout total=15s", "timeout off", "P0121"),
    Misconfiguration("profile=api hsts-max-age=730d", "hsts-max-age=1d", "P0121"),
    Misconfiguration("secure-headers profile=api hsts-max-age=730d", "secure-headers off", "P0121"),
    Misconfiguration("body max=1MiB", "body off", "P0121"),
    Misconfiguration(cors, "access off", "P0121"),
    Misconfiguration(cors, "limit off per-ip", "P0121"),
    Misconfiguration(cors, "limit per-ip shadow=on", "P0121"),
    Misconfiguration("  limit per-ip\n}", "  limit per-ip shadow=on\n}", "E0126"),
    Misconfiguration("reason=\"scans, SEC-7\"", "reason=\"\"", "E0126"),
    Misconfiguration(" owner=sec", "", "E0113"),
    Misconfiguration(" until=2030-01-01", "", "E0113"),
    Misconfiguration("until=2030-01-01", "until=2030-13-01", "E0111"),
    Misconfiguration("route=api.create", "route=api.list", "P0123"),
    Misconfiguration("waive body.max", "waive body.size", "P0123"),
    Misconfiguration("waive body.max", "# waive body.max", "P0121"),
    Misconfiguration("timeout total<=30s", "timeout total=<30s", "E0102"),
    Misconfiguration("timeout total<=30s", "timeout totall<=30s", "E0110"),
    Misconfiguration("enforce {", "enforced {", "E0107"),
    Misconfiguration("forbid cors.credentials=on", "forbid cors.credential=on", "E0110"),
  ]
}

@Suite struct MisconfigurationTests {
  @Test func `the config is taken as it stands`() {
    let result = ExampleTests.load(Misconfiguration.config)
    #expect(result.configuration != nil, "\(result.diagnostics.map(\.message))")
    #expect(Misconfiguration.all.count >= 100)
  }

  @Test(arguments: Misconfiguration.all)
  func `a mistake stops the load`(_ row: Misconfiguration) throws {
    let parts = Misconfiguration.config.split(
      separator: row.text, maxSplits: 1, omittingEmptySubsequences: false)
    #expect(parts.count == 2, "The config has what the row changes.")
    let text = parts.joined(separator: row.mistake)
    let result = ExampleTests.load(text)
    let errors = result.diagnostics.filter { $0.severity == .error }
    #expect(result.configuration == nil)
    #expect(
      errors.contains { $0.code.description == row.code },
      "\(errors.map { "\($0.code.description) \($0.message)" })")
  }
}
