require "base64"
require "json"
require "openssl"
require "securerandom"

def wellchat_token(person_id, name)
  now = Time.now.to_i
  header = { alg: "HS256", kid: ENV.fetch("WELLCHAT_KID") }
  claims = { aud: ENV.fetch("WELLCHAT_URL"), sub: person_id, name: name,
             iat: now, exp: now + 120, jti: SecureRandom.urlsafe_base64(16) }
  text = [header, claims].map { |each| part(each.to_json) }.join(".")
  "#{text}.#{part(OpenSSL::HMAC.digest("SHA256", ENV.fetch("WELLCHAT_SECRET"), text))}"
end

def part(content)
  Base64.urlsafe_encode64(content, padding: false)
end

puts wellchat_token(*ARGV.first(2)) if __FILE__ == $PROGRAM_NAME
