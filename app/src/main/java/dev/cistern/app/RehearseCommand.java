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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

/**
 * Plays one short life of Cistern in a temporary folder: start, create a group, use it, have its nodes change places, end. The launcher runs
 * it once after a build, so that the JVM writes down which classes a start needs and how they were linked (an AOT cache);
 * every later start is then about twice as fast. Hidden, because it does nothing for a user.
 */
@Command(name = "rehearse", hidden = true, description = "Plays a short life of Cistern, for the launcher's AOT cache.", footer = {
        "", "Example:", "  cistern rehearse"})
final class RehearseCommand implements Callable<Integer> {

    private static final String GROUP = "&ReplicationGroupId=rehearsal";
    private static final Pattern PRIMARY_PORT = Pattern.compile("<PrimaryEndpoint>.*?<Port>(\\d+)</Port>",
            Pattern.DOTALL);
    /** Some more than two nodes and their group's endpoints take. */
    private static final int PORTS = 15;
    private static final int LAST_PORT = 65_535;
    private static final int TRIES = 200;
    private static final int PAUSE_MILLIS = 50;

    @Override
    public Integer call() throws IOException, InterruptedException {
        ConsoleLog.start(false);
        Path state = Files.createTempDirectory("cistern-rehearsal");
        int firstPort = freePort();
        EndpointOptions endpoints = new EndpointOptions("127.0.0.1", "127.0.0.1", firstPort,
                Math.min(firstPort + PORTS, LAST_PORT));
        try (LocalCistern cistern = LocalCistern.start(state, endpoints,
                GatewayOptions.DEFAULT.withAddress("127.0.0.1", 0))) {
            return play(cistern) ? ExitCode.OK : ExitCode.OTHER;
        } finally {
            delete(state);
        }
    }

    private static boolean play(LocalCistern cistern) throws IOException, InterruptedException {
        ask(cistern, "CreateReplicationGroup", GROUP + "&ReplicationGroupDescription=rehearsal&Engine=valkey"
                + "&CacheNodeType=cache.t4g.micro&NumCacheClusters=2&AutomaticFailoverEnabled=true");
        if (!useWhenAvailable(cistern)) {
            return false;
        }
        // What a hand-over needs is needed in a hurry.
        ask(cistern, "TestFailover", GROUP + "&NodeGroupId=0001");
        return useWhenAvailable(cistern);
    }

    private static boolean useWhenAvailable(LocalCistern cistern) throws IOException, InterruptedException {
        for (int i = 0; i < TRIES; i++) {
            Thread.sleep(PAUSE_MILLIS);
            String described = ask(cistern, "DescribeReplicationGroups", "");
            Matcher endpoint = PRIMARY_PORT.matcher(described);
            if (described.contains("<Status>available</Status>") && endpoint.find()) {
                useNode(Integer.parseInt(endpoint.group(1)));
                return true;
            }
        }
        return false;
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
