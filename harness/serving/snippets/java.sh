# Needs a JDK of version 17 or newer, and mvn.
mkdir -p ledger-client-java/src/main/java ledger-client-java/src/main/proto && cd ledger-client-java
cp @protos@/ledger.proto src/main/proto/
cat > pom.xml <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ledger</groupId><artifactId>client</artifactId><version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
    <grpc>1.75.0</grpc><protobuf>3.25.8</protobuf>
  </properties>
  <dependencies>
    <dependency><groupId>io.grpc</groupId><artifactId>grpc-netty-shaded</artifactId><version>${grpc}</version></dependency>
    <dependency><groupId>io.grpc</groupId><artifactId>grpc-protobuf</artifactId><version>${grpc}</version></dependency>
    <dependency><groupId>io.grpc</groupId><artifactId>grpc-stub</artifactId><version>${grpc}</version></dependency>
    <dependency><groupId>com.google.code.gson</groupId><artifactId>gson</artifactId><version>2.11.0</version></dependency>
  </dependencies>
  <build>
    <extensions>
      <extension><groupId>kr.motd.maven</groupId><artifactId>os-maven-plugin</artifactId><version>1.7.1</version></extension>
    </extensions>
    <plugins>
      <plugin>
        <groupId>org.xolstice.maven.plugins</groupId><artifactId>protobuf-maven-plugin</artifactId><version>0.6.1</version>
        <configuration>
          <protocArtifact>com.google.protobuf:protoc:${protobuf}:exe:${os.detected.classifier}</protocArtifact>
          <pluginId>grpc-java</pluginId>
          <pluginArtifact>io.grpc:protoc-gen-grpc-java:${grpc}:exe:${os.detected.classifier}</pluginArtifact>
          <pluginParameter>@generated=omit</pluginParameter>
        </configuration>
        <executions><execution><goals><goal>compile</goal><goal>compile-custom</goal></goals></execution></executions>
      </plugin>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version>
      </plugin>
      <plugin>
        <groupId>org.codehaus.mojo</groupId><artifactId>exec-maven-plugin</artifactId><version>3.5.0</version>
        <configuration><mainClass>Client</mainClass></configuration>
      </plugin>
    </plugins>
  </build>
</project>
EOF
cat > src/main/java/Client.java <<'EOF'
import com.google.gson.JsonParser;
import io.grpc.*;
import java.io.*;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.time.*;
import java.util.concurrent.*;
%tls import java.security.KeyStore;
%tls import java.security.cert.CertificateFactory;
%tls import javax.net.ssl.*;
import jwtstorm.lab.v1.LedgerGrpc;
import jwtstorm.lab.v1.LedgerOuterClass.BalanceRequest;

public class Client {
  /** One token for all calls, renewed ten seconds before its end. */
  static class Tokens extends CallCredentials {
    static final Metadata.Key<String> KEY = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private final HttpClient http;
    private String value;
    private Instant until = Instant.MIN;

    Tokens(HttpClient http) {
      this.http = http;
    }

    synchronized String token() throws IOException, InterruptedException {
      if (!Instant.now().isBefore(until)) {
        String secret = URLEncoder.encode(System.getenv("CLIENT_SECRET"), StandardCharsets.UTF_8);
        String form = "grant_type=client_credentials&client_id=@client_id@&client_secret=" + secret;
        HttpRequest ask = HttpRequest.newBuilder(URI.create("@token_url@")).timeout(Duration.ofSeconds(5))
            .header("content-type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form)).build();
        HttpResponse<String> answer = http.send(ask, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new IOException("the issuer answered " + answer.statusCode());
        var told = JsonParser.parseString(answer.body()).getAsJsonObject();
        value = told.get("access_token").getAsString();
        until = Instant.now().plusSeconds(told.get("expires_in").getAsLong() - 10);
      }
      return value;
    }

    @Override
    public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
      executor.execute(() -> {
        try {
          Metadata metadata = new Metadata();
          metadata.put(KEY, "Bearer " + token());
          applier.apply(metadata);
        } catch (Exception error) {
          applier.fail(Status.UNAVAILABLE.withDescription("no token").withCause(error));
        }
      });
    }
  }

  public static void main(String[] words) throws Exception {
    HttpClient.Builder http = HttpClient.newBuilder();
%tls     KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
%tls     trusted.load(null);
%tls     try (InputStream file = new FileInputStream("@ca@")) {
%tls       trusted.setCertificateEntry("lab", CertificateFactory.getInstance("X.509").generateCertificate(file));
%tls     }
%tls     TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
%tls     managers.init(trusted);
%tls     SSLContext context = SSLContext.getInstance("TLS");
%tls     context.init(null, managers.getTrustManagers(), null);
%tls     http.sslContext(context);
%tls     ChannelCredentials secure = TlsChannelCredentials.newBuilder().trustManager(new File("@ca@")).build();
%tls     ManagedChannel channel = Grpc.newChannelBuilder("@target@", secure).build();
%plain     ManagedChannel channel = Grpc.newChannelBuilder("@target@", InsecureChannelCredentials.create()).build();
    System.out.println(LedgerGrpc.newBlockingStub(channel).withCallCredentials(new Tokens(http.build()))
        .withDeadlineAfter(10, TimeUnit.SECONDS).getBalance(BalanceRequest.newBuilder().setAccount("1").build()));
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }
}
EOF
mvn -q compile exec:java
