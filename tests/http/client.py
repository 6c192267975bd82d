"""What a sign-up page and the scripts around it do with the service, with nothing but Python's own library."""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

url, password, other = sys.argv[1:]


def call(method, path, body=None, token=None):
    headers = {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def get(name):
    return call("GET", "/org/get?" + urllib.parse.urlencode({"organization_name": name}))


# Somebody signs up.
new = {"organization_name": "acme_corp", "email": "ada@acme.com", "password": password}
status, created = call("POST", "/org/create", new)
assert status == 200 and created["success"] and created["message"] == "Org created", created
org = created["data"]
assert org["collection_name"] == "org_acme_corp" and org["admin_email"] == "ada@acme.com", org

# The same name, and the same e-mail, are taken.
assert call("POST", "/org/create", {**new, "email": "bob@acme.com"})[0] == 400
assert call("POST", "/org/create", {**new, "organization_name": "other"})[0] == 400

# A dashboard reads it.
status, shown = get("acme_corp")
assert status == 200 and shown["success"], shown
details = shown["data"].pop("connection_details")
assert details["collection"] == "org_acme_corp" and details["database"], details
# The time is that of the creation, to the millisecond that the database keeps.
assert shown["data"].pop("created_at")[:22] == org["created_at"][:22], shown
assert shown["data"] == {field: org[field] for field in org if field != "created_at"}, shown
assert get("nobody")[0] == 404

# The admin logs in.
assert call("POST", "/admin/login", {"email": "ada@acme.com", "password": other})[0] == 401
status, login = call("POST", "/admin/login", {"email": "ada@acme.com", "password": password})
assert status == 200 and login["token_type"] == "bearer", login
assert login["organization_id"] == org["organization_id"], login
assert login["organization_name"] == "acme_corp" and len(login["admin_id"]) == 24, login
token = login["access_token"]

# A script renames it.
rename = {"organization_name": "acme_corp", "new_organization_name": "acme_labs"}
status, renamed = call("PUT", "/org/update", rename)
assert status == 200 and renamed["message"] == "Org updated", renamed
assert renamed["data"]["collection_name"] == "org_acme_labs", renamed
assert get("acme_corp")[0] == 404 and get("acme_labs")[0] == 200

# The admin has another e-mail and another password.
change = {"organization_name": "acme_labs", "email": "ada@acme.org", "password": other}
status, changed = call("PUT", "/org/update", change, token)
assert status == 200 and changed["data"]["admin_email"] == "ada@acme.org", changed
assert call("POST", "/admin/login", {"email": "ada@acme.com", "password": password})[0] == 401
status, login = call("POST", "/admin/login", {"email": "ada@acme.org", "password": other})
assert status == 200, login
token = login["access_token"]

# It is deleted, by its admin only; and signs up again at once.
gone = {"organization_name": "acme_labs"}
assert call("DELETE", "/org/delete", gone)[0] in (401, 403)
assert call("DELETE", "/org/delete", gone, token + "x")[0] == 401
another = {"organization_name": "globex", "email": "dan@globex.com", "password": password}
assert call("POST", "/org/create", another)[0] == 200
assert call("DELETE", "/org/delete", {"organization_name": "globex"}, token)[0] == 403
status, deleted = call("DELETE", "/org/delete", gone, token)
assert (status, deleted) == (200, {"success": True, "message": "Org deleted"}), deleted
assert get("acme_labs")[0] == 404
again = {"organization_name": "acme_labs", "email": "ada@acme.org", "password": password}
assert call("POST", "/org/create", again)[0] == 200
assert get("acme_labs")[1]["data"]["organization_id"] != org["organization_id"]
print("done")
