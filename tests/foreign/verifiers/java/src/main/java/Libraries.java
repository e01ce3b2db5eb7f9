import com.auth0.jwk.JwkProvider;
import com.auth0.jwk.JwkProviderBuilder;
import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.jsonwebtoken.Jwts;
import io.vertx.core.Vertx;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.net.URL;
import java.security.KeyFactory;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.HttpsJwks;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.HttpsJwksVerificationKeyResolver;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.jose4j.keys.resolvers.VerificationKeyResolver;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;

/** Java's JWT libraries, each told all that it can be told. */
final class Libraries {
    private static final List<String> TOKEN = List.of("token");
    private static final List<String> KEYS = List.of("keys");
    private final String issuer;
    private final String audience;
    private final String keys;
    private final String pem;
    private final RSAPublicKey key;
    private final Vertx vertx = Vertx.vertx();

    Libraries(Map<String, Object> paper, String keys) throws Exception {
        this.issuer = (String) paper.get("issuer");
        this.audience = (String) paper.get("audience");
        this.keys = keys;
        this.pem = (String) paper.get("pem");
        String base64 = pem.replaceAll("-----[A-Z ]+-----|\\s", "");
        X509EncodedKeySpec spec = new X509EncodedKeySpec(Base64.getDecoder().decode(base64));
        this.key = (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(spec);
    }

    List<Texts.Library> all() {
        return List.of(
            new Texts.Library("jjwt", Jwts.class, TOKEN, this::jjwt),
            new Texts.Library("nimbus-jose-jwt", JWKSet.class, TOKEN, this::nimbus),
            new Texts.Library("nimbus-jose-jwt", JWKSet.class, KEYS, this::nimbusFetched),
            new Texts.Library("auth0 java-jwt", JWT.class, TOKEN, this::auth0),
            new Texts.Library("auth0 jwks-rsa", JwkProvider.class, KEYS, this::auth0Keys),
            new Texts.Library("jose4j", JwtConsumerBuilder.class, TOKEN, this::jose4j),
            new Texts.Library("jose4j", JwtConsumerBuilder.class, KEYS, this::jose4jFetched),
            new Texts.Library("vertx-auth-jwt", JWTAuth.class, TOKEN, this::vertx),
            new Texts.Library("spring-security", NimbusJwtDecoder.class, List.of("token", "keys"), this::spring),
            new Texts.Library("spring-security", NimbusJwtDecoder.class, List.of("header"), this::springHeader));
    }

    private void jjwt(Texts.Question question) {
        Jwts.parser().verifyWith(key).requireIssuer(issuer).requireAudience(audience)
            .clockSkewSeconds(question.leewayS()).build().parseSignedClaims(question.token());
    }

    private void nimbus(Texts.Question question) throws Exception {
        nimbusWith(new ImmutableJWKSet<>(JWKSet.parse(keys)), question);
    }

    private void nimbusFetched(Texts.Question question) throws Exception {
        nimbusWith(JWKSourceBuilder.create(new URL(question.keysUrl())).retrying(false).build(), question);
    }

    private void nimbusWith(JWKSource<SecurityContext> source, Texts.Question question) throws Exception {
        DefaultJWTClaimsVerifier<SecurityContext> verifier = new DefaultJWTClaimsVerifier<>(audience,
            new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("sub", "exp"));
        verifier.setMaxClockSkew(question.leewayS());
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, source));
        processor.setJWTClaimsSetVerifier(verifier);
        processor.process(question.token(), null);
    }

    private void auth0(Texts.Question question) {
        JWT.require(Algorithm.RSA256(key)).withIssuer(issuer).withAudience(audience)
            .withClaimPresence("exp").withClaimPresence("sub").acceptLeeway(question.leewayS())
            .build().verify(question.token());
    }

    private void auth0Keys(Texts.Question question) throws Exception {
        JwkProvider provider = new JwkProviderBuilder(new URL(question.keysUrl())).cached(false).rateLimited(false).build();
        provider.get(JWT.decode(question.token()).getKeyId());
    }

    private void jose4j(Texts.Question question) throws Exception {
        jose4jWith(new JwksVerificationKeyResolver(new JsonWebKeySet(keys).getJsonWebKeys()), question);
    }

    private void jose4jFetched(Texts.Question question) throws Exception {
        jose4jWith(new HttpsJwksVerificationKeyResolver(new HttpsJwks(question.keysUrl())), question);
    }

    private void jose4jWith(VerificationKeyResolver resolver, Texts.Question question) throws Exception {
        new JwtConsumerBuilder().setVerificationKeyResolver(resolver).setRequireExpirationTime().setRequireSubject()
            .setExpectedIssuer(issuer).setExpectedAudience(audience).setAllowedClockSkewInSeconds(question.leewayS())
            .setIssuedAtRestrictions(0, 86_400)
            .setJwsAlgorithmConstraints(AlgorithmConstraints.ConstraintType.PERMIT, "RS256")
            .build().processToClaims(question.token());
    }

    private void vertx(Texts.Question question) throws Exception {
        JWTOptions wanted = new JWTOptions().setIssuer(issuer).addAudience(audience).setLeeway(question.leewayS());
        PubSecKeyOptions options = new PubSecKeyOptions().setAlgorithm("RS256").setBuffer(pem);
        JWTAuth auth = JWTAuth.create(vertx, new JWTAuthOptions().addPubSecKey(options).setJWTOptions(wanted));
        try {
            auth.authenticate(new TokenCredentials(question.token())).toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException failed) {
            throw (Exception) failed.getCause();
        }
    }

    private void spring(Texts.Question question) {
        NimbusJwtDecoder decoder = NimbusJwtDecoder.withJwkSetUri(question.keysUrl()).build();
        JwtClaimValidator<List<String>> audiences =
            new JwtClaimValidator<>("aud", found -> found != null && found.contains(audience));
        decoder.setJwtValidator(new DelegatingOAuth2TokenValidator<Jwt>(
            new JwtTimestampValidator(Duration.ofSeconds(question.leewayS())), new JwtIssuerValidator(issuer), audiences));
        decoder.decode(question.token());
    }

    private void springHeader(Texts.Question question) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        if (question.authorization() != null) {
            request.addHeader("Authorization", question.authorization());
        }
        new DefaultBearerTokenResolver().resolve(request);
    }
}
