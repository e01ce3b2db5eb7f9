# Put the exam (standard input) to Ruby's JWT libraries; print one line of JSON per refusal.
require 'json'
require 'jwt'
require 'json/jwt'
require 'openssl'

PAPER = JSON.parse($stdin.read)
KEY = OpenSSL::PKey::RSA.new(PAPER['pem'])

def options(question)
  {
    algorithms: ['RS256'], iss: PAPER['issuer'], verify_iss: true, aud: PAPER['audience'], verify_aud: true,
    verify_iat: true, required_claims: PAPER['required'], leeway: question['leeway_s']
  }
end

# Judge as the README of ruby-jwt does: by a key set, else by the one key.
LIBRARIES = {
  'ruby-jwt' => [JWT::VERSION::STRING, [
    ->(question) { JWT.decode(question['token'], KEY, true, options(question)) },
    ->(question) { JWT.decode(question['token'], nil, true, options(question).merge(jwks: PAPER['jwks'])) },
  ]],
  # json-jwt leaves all claims to its callers.
  'json-jwt' => [Gem.loaded_specs['json-jwt']&.version.to_s, [
    ->(question) { JSON::JWT.decode(question['token'], KEY, [:RS256]) },
    ->(question) { JSON::JWT.decode(question['token'], JSON::JWK::Set.new(PAPER['jwks'])) },
  ]],
}.freeze

LIBRARIES.each do |library, (version, judges)|
  questions = PAPER['situations'].select { |question| question['about'] == 'token' }
  judges.product(questions).each do |judge, question|
    judge.call(question)
  rescue StandardError => e
    line = { library:, version:, situation: question['name'], error: e.class.name, text: e.message }
    puts JSON.generate(line)
  end
end
