import { createHmac, randomBytes } from "node:crypto";

export function wellchatToken(personId, name) {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: "HS256", kid: process.env.WELLCHAT_KID };
  const claims = { aud: process.env.WELLCHAT_URL, sub: personId, name,
    iat: now, exp: now + 120, jti: randomBytes(16).toString("base64url") };
  const part = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${createHmac("sha256", process.env.WELLCHAT_SECRET).update(text).digest("base64url")}`;
}

if (process.argv[3]) console.log(wellchatToken(...process.argv.slice(2, 4)));
