-- Signing keys are of two kinds since 0.2.0 (docs/decisions/0012).
comment on column auth.signing_keys.private_jwk is
  'Private key as a JWK: RSA of 2,048 bits (RFC 7518) or Ed25519 (RFC 8037). Its kind is that of the tokens it signs.';
