# Needs curl and grpcurl. curl reads the secret from its stdin; grpcurl expands the token from its environment.
%tls export ACCESS_TOKEN=$(printf 'user = "%s:%s"' @client_id@ "$CLIENT_SECRET" | curl -s -K - --cacert @ca@ \
%plain export ACCESS_TOKEN=$(printf 'user = "%s:%s"' @client_id@ "$CLIENT_SECRET" | curl -s -K - \
  -d grant_type=client_credentials @token_url@ | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
%tls grpcurl -cacert @ca@ -expand-headers -H 'authorization: Bearer ${ACCESS_TOKEN}' \
%plain grpcurl -plaintext -expand-headers -H 'authorization: Bearer ${ACCESS_TOKEN}' \
  -import-path @protos@ -proto ledger.proto -d '{"account": "1"}' @target@ jwtstorm.lab.v1.Ledger/GetBalance
