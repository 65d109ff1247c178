package dev.cistern.app;

import dev.cistern.control.EndpointOptions;
import dev.cistern.gateway.GatewayOptions;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * Plays one short life of Cistern in a temporary folder: start, create a group, use it, delete it, end. The launcher runs
 * it once after a build, so that the JVM writes down which classes a start needs and how they were linked (an AOT cache);
 * every later start is then about twice as fast. Hidden, because it does nothing for a user.
 */
@Command(name = "rehearse", hidden = true, description = "Plays a short life of Cistern, for the launcher's AOT cache.", footer = {
        "", "Example:", "  cistern rehearse"})
final class RehearseCommand implements Callable<Integer> {

    private static final int TRIES = 100;
    private static final int PAUSE_MILLIS = 50;

    @Override
    public Integer call() throws IOException, InterruptedException {
        ConsoleLog.start(false);
        Path state = Files.createTempDirectory("cistern-rehearsal");
        int nodePort = freePort();
        try (LocalCistern cistern = LocalCistern.start(state,
                new EndpointOptions("127.0.0.1", "127.0.0.1", nodePort, nodePort),
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0))) {
            ask(cistern, "CreateReplicationGroup", "&ReplicationGroupId=rehearsal&ReplicationGroupDescription=rehearsal"
                    + "&Engine=valkey&CacheNodeType=cache.t4g.micro");
            boolean isAvailable = false;
            for (int i = 0; i < TRIES && !isAvailable; i++) {
                Thread.sleep(PAUSE_MILLIS);
                isAvailable = ask(cistern, "DescribeReplicationGroups", "").contains("<Status>available</Status>");
            }
            if (isAvailable) {
                useNode(nodePort);
            }
            return isAvailable ? ExitCode.OK : ExitCode.OTHER;
        } finally {
            delete(state);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    /** One call of the AWS API, answered as XML. */
    private static String ask(LocalCistern cistern, String operation, String parameters) throws IOException {
        HttpURLConnection call = (HttpURLConnection) URI.create(cistern.url()).toURL().openConnection();
        call.setDoOutput(true);
        call.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
        call.getOutputStream().write(("Action=" + operation + "&Version=2015-02-02" + parameters)
                .getBytes(StandardCharsets.UTF_8));
        return new String(call.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static void useNode(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write("SET a 1\r\nGET a\r\nINCR a\r\nDEL a\r\nQUIT\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> inside = Files.walk(folder)) {
            for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
