// Configs that these tests run commands on.

enum Samples {
  static let good = """
    sluice 1
    listener edge {
      bind 127.0.0.1:8443
    }
    upstream demo {
      server 127.0.0.1:9000
    }
    group api {
      match path=/api/**
      auth none
      timeout total=12s
      route list {
        match method=GET path=/api/list
        to demo
      }
    }
    route hello {
      match path=/hello
      auth none
      respond 200
    }

    """

  static let wrong = """
    sluice 1
    listener edge {
      bind 127.0.0.1:8443
    }
    route hello {
      mtch path=/hello
      auth none
      respond 200
    }

    """

  /// The whole of what is said of `wrong`.
  static let wrongText = """
    error[E0107]: unknown directive 'mtch' in route "hello"
     --> routes.conf:6:3
      |
    6 |   mtch path=/hello
      |   ^^^^ did you mean 'match'?
      = help: sluice explain match

    1 error

    """

  /// Valid, with a warning: a route names no listener where two serve it.
  static let doubtful =
    good + """
      listener second {
        bind 127.0.0.1:8444
      }

      """

  static let tied =
    good + """
      route again {
        match path=/hello
        auth none
        respond 204
      }

      """

  static let files = [
    "routes.conf": good, "wrong.conf": wrong, "doubtful.conf": doubtful, "tied.conf": tied,
  ]
}
