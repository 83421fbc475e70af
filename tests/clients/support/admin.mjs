// The gateway's admin API, as a script would call it.
import assert from "node:assert/strict";

/** Posts to /admin/… and gives the reply, which must be a success. */
export async function admin(address, route, body) {
  const response = await fetch(`${address}/admin/${route}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const reply = await response.json();
  assert.equal(response.status, 200, JSON.stringify(reply));
  return reply;
}
