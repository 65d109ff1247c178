package dev.cistern.app;

import dev.cistern.control.DoorReport.Door;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Connects to a cache as a client would, plain and encrypted, and tells what came of it. Says no secret and trusts nobody. */
final class Knock {

    private static final int TIMEOUT_MILLIS = 3_000;
    private static final Duration SOON = Duration.ofDays(14);

    private final InetSocketAddress address;
    private final Door door;

    Knock(InetSocketAddress address, Door door) {
        this.address = address;
        this.door = door;
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        try (Socket socket = connect()) {
            findings.add(Finding.ok("connection", "something listens at " + socket.getRemoteSocketAddress()));
        } catch (IOException e) {
            findings.add(Finding.fail("connection", "nothing answers at " + address + ": " + e.getMessage(),
                    "See whether the node runs: cistern status. From elsewhere: --bind and firewalls"));
            return findings;
        }
        if (!door.transit().equals("required")) {
            findings.add(plain());
        }
        if (!door.transit().equals("disabled")) {
            findings.add(encrypted());
        }
        return findings;
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket();
        try {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(address, TIMEOUT_MILLIS);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private Finding plain() {
        try (Socket socket = connect()) {
            String answer = ask(socket);
            return answer.isEmpty() ? hungUp("plain") : Finding.ok("plain", "a greeting is answered " + answer);
        } catch (IOException e) {
            return hungUp("plain");
        }
    }

    /** An answer, whichever it is, is one who let us in. */
    private String ask(Socket socket) throws IOException {
        socket.getOutputStream().write((door.isMemcached() ? "version\r\n" : "PING\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        byte[] answer = new byte[200];
        int length = socket.getInputStream().read(answer);
        return length <= 0 ? "" : new String(answer, 0, length, StandardCharsets.US_ASCII).strip();
    }

    private static Finding hungUp(String subject) {
        return Finding.fail(subject, "the node hangs up on this machine",
                "See the rule above: the node refuses who is in none");
    }

    private Finding encrypted() {
        try (Socket socket = connect();
                SSLSocket secured = (SSLSocket) context().getSocketFactory().createSocket(socket,
                        address.getHostString(), address.getPort(), true)) {
            secured.startHandshake();
            X509Certificate certificate = (X509Certificate) secured.getSession().getPeerCertificates()[0];
            return judged(certificate, secured.getSession().getProtocol(), ask(secured));
        } catch (IOException e) {
            return Finding.fail("encrypted", "no handshake: " + e.getMessage(),
                    "See the rule above: the node hangs up on who is in none");
        } catch (GeneralSecurityException e) {
            return Finding.fail("encrypted", "this JVM cannot: " + e.getMessage(), "Use another one");
        }
    }

    private Finding judged(X509Certificate certificate, String protocol, String answer)
            throws GeneralSecurityException {
        Instant end = certificate.getNotAfter().toInstant();
        TreeSet<String> names = new TreeSet<>();
        if (certificate.getSubjectAlternativeNames() != null) {
            certificate.getSubjectAlternativeNames().forEach(name -> names.add(String.valueOf(name.get(1))));
        }
        String found = protocol + ", " + door.transit() + ", certificate for " + String.join(" ", names) + " until "
                + end
                + ", a greeting is answered " + answer;
        if (Instant.now().isAfter(end)) {
            return Finding.fail("encrypted", found, "The certificate is over: give another one, or restart cistern up");
        }
        if (!names.contains(address.getHostString())) {
            return Finding.warn("encrypted", found, "Clients that check names refuse " + address.getHostString()
                    + ": use one of the certificate's names");
        }
        return Instant.now().isAfter(end.minus(SOON))
                ? Finding.warn("encrypted", found, "It ends soon")
                : Finding.ok("encrypted", found);
    }

    /** Looks at certificates without believing them: nothing is said behind this that anybody may not hear. */
    private static SSLContext context() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[]{new LookOn()}, new SecureRandom());
        return context;
    }

    private static final class LookOn implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {
            // We are the client.
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) {
            // Whatever is shown is what is told.
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
