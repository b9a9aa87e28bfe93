// Templates such as `/catalog/{path.id}` as flat pieces, filled from an exchange. What is inserted
// is encoded for its place, so that a value can never become a path segment, a parameter or a host.

import Bytes
import Configuration
import HTTPMessage
import PolicyChain

/// A template for a path or a URL, compiled for one route.
struct TemplateProgram {
  enum Source {
    case literal([UInt8])
    case clientIP, route, host, method, path, pathRest
    /// A slot of the route's parameters; nil where there is no such parameter, as in the chain of
    /// requests that no route takes.
    case parameter(Int?)
    case header([UInt8])
    case query([UInt8])
    case cookie([UInt8])
  }

  struct Piece {
    let source: Source
    let place: TemplatePlace
  }

  private let pieces: [Piece]
  /// Whether the template writes the query itself; else the request's is kept.
  let hasQuery: Bool

  /// - Parameter parameterNames: the route's parameters in the order of their slots.
  init(_ template: Template, parameterNames: [String]) {
    var place = TemplatePlace.start(of: template)
    var pieces: [Piece] = []
    for part in template.parts {
      switch part {
      case .literal(let text):
        pieces.append(Piece(source: .literal(Array(text.utf8)), place: place))
        place = place.after(text)
      case .attribute(let attribute):
        if attribute == .path, place == .authority { place = .path }
        let source = Self.source(of: attribute, parameterNames)
        pieces.append(Piece(source: source, place: place))
      }
    }
    self.pieces = pieces
    hasQuery = place == .query
  }

  private static func source(of attribute: Attribute, _ parameterNames: [String]) -> Source {
    switch attribute {
    case .clientIP: .clientIP
    case .route: .route
    case .host: .host
    case .method: .method
    case .path: .path
    case .pathRest: .pathRest
    case .pathParameter(let name): .parameter(parameterNames.firstIndex(of: name))
    case .header(let name): .header(Array(name.utf8))
    case .query(let name): .query(Array(name.utf8))
    case .cookie(let name): .cookie(Array(name.utf8))
    case .listener: preconditionFailure("'{listener}' was refused when the config was read.")
    }
  }

  /// Appends the filled template. Returns false when a parameter is missing that the path would
  /// have to have.
  func append(_ exchange: Exchange, to output: inout Output) -> Bool {
    for piece in pieces {
      guard append(piece, exchange, to: &output) else { return false }
    }
    return true
  }

  private func append(_ piece: Piece, _ exchange: Exchange, to output: inout Output) -> Bool {
    let request = exchange.request
    let place = piece.place
    switch piece.source {
    case .literal(let bytes): output.append(bytes)
    case .path: output.append(request.text(request.path), encodedIn: place.forPathText)
    case .pathRest:
      guard let rest = exchange.parameters.rest else { return false }
      output.append(request.text(rest), encodedIn: place.forPathText)
    case .parameter(let slot):
      guard let slot, let range = exchange.parameters[slot] else { return false }
      output.append(request.text(range), encodedIn: place.forPathText)
    case .host:
      let host = request.text(request.host)
      if place == .authority { output.append(host) } else { output.append(host, encodedIn: place) }
    case .method: output.append(request.text(request.methodText), encodedIn: place)
    case .route:
      if let name = exchange.route?.name { output.append(name.span, encodedIn: place) }
    case .clientIP:
      // Digits, letters, dots and colons stand for themselves in paths and queries.
      if let address = exchange.clientAddress { output.append(address) }
    case .header(let name):
      let fields = request.fields
      if let index = fields.first(named: name.span) {
        output.append(fields.value(at: index), encodedIn: place)
      }
    case .query(let name):
      if let query = request.query {
        let value = NamedValue.inQuery(request.text(query), name: name.span)
        output.append(value, encodedIn: place.forQueryText)
      }
    case .cookie(let name):
      let fields = request.fields
      if let index = fields.first(.cookie) {
        let value = NamedValue.inCookies(fields.value(at: index), name: name.span)
        output.append(value, encodedIn: place)
      }
    }
    return true
  }
}
