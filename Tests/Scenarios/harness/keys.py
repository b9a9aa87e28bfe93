"""Servers that publish keys: a scripted one, and an OpenID provider of another make."""

import contextlib
import http.server
import ssl
import threading

import httpx
import oidc_provider_mock


class KeyServer:
    """Publishes one text at every path, and counts who asks."""

    def __init__(self, text: str, port: int = 0, context: ssl.SSLContext | None = None):
        self.text = text
        self.status = 200
        self.asked = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = outer.text.encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> "KeyServer":
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()


class Provider:
    """An OpenID provider that gets a new key each time it is started."""

    def __init__(self, port: int):
        self.port = port
        self.issuer = f"http://localhost:{port}"

    @contextlib.contextmanager
    def running(self):
        with oidc_provider_mock.run_server_in_thread(port=self.port):
            yield self

    def token(self, subject: str) -> str:
        """An id token, by the code flow."""
        back = "http://localhost/back"
        given = httpx.post(
            f"{self.issuer}/oauth2/authorize",
            params={
                "client_id": "api",
                "redirect_uri": back,
                "response_type": "code",
                "scope": "openid",
                "state": "s",
            },
            data={"sub": subject},
        )
        code = httpx.URL(given.headers["location"]).params["code"]
        answer = httpx.post(
            f"{self.issuer}/oauth2/token",
            data={"grant_type": "authorization_code", "code": code, "redirect_uri": back},
            auth=("api", "secret"),
        )
        return answer.json()["id_token"]
