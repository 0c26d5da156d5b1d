"""The comments of GitHub and the notes of GitLab, for one pull or merge request.

    python api.py FOLDER

writes its port to FOLDER/port and a line for each call to FOLDER/calls. The comments are in FOLDER/comments as JSON; a
file FOLDER/refuse with a status and a message makes it answer that to all that write.
"""

import http.server
import json
import pathlib
import re
import sys
import urllib.parse

folder = pathlib.Path(sys.argv[1])
MARKED = re.compile(r"/(?:repos/o/r/issues/comments|projects/5/merge_requests/3/notes)/(\d+)")
LIST = ("/repos/o/r/issues/7/comments", "/projects/5/merge_requests/3/notes")


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_call(self):
        url = urllib.parse.urlsplit(self.path)
        with (folder / "calls").open("a") as calls:
            calls.write(f"{self.command} {self.path}\n")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "good" not in (self.headers.get("PRIVATE-TOKEN"), (self.headers.get("Authorization") or "")[7:]):
            return self.answer(401, {"message": "Bad credentials"})
        if url.path == "/user":
            return self.answer(200, {"id": 1})
        comments = json.loads((folder / "comments").read_text())
        if self.command == "GET" and url.path in LIST:
            query = dict(urllib.parse.parse_qsl(url.query))
            size, page = int(query["per_page"]), int(query["page"])
            return self.answer(200, comments[size * (page - 1) : size * page])
        refuse = folder / "refuse"
        if refuse.exists():
            status, message = refuse.read_text().strip().split(" ", 1)
            return self.answer(int(status), {"message": message})
        text = json.loads(body)["body"]
        if self.command == "POST" and url.path in LIST:
            comments.append(
                {
                    "id": 1000 + len(comments),
                    "body": text,
                    "user": {"type": "Bot"},
                    "author_association": "NONE",
                    "author": {"id": 1},
                }
            )
            status = 201
        elif self.command in ("PATCH", "PUT") and (match := MARKED.fullmatch(url.path)):
            next(one for one in comments if one["id"] == int(match[1]))["body"] = text
            status = 200
        else:
            return self.answer(404, {"message": "Not Found"})
        (folder / "comments").write_text(json.dumps(comments))
        return self.answer(status, {})

    do_GET = do_POST = do_PATCH = do_PUT = handle_call

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
(folder / "port.new").write_text(str(server.server_port))
(folder / "port.new").rename(folder / "port")
server.serve_forever()
