package dev.cistern.app;

import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Another machine, as far as the network can tell: a namespace of the kernel's with a wire to this one. */
final class Elsewhere implements AutoCloseable {

    private final String name;
    private final String ours;
    private final String theirs;
    private final String here;
    private final String there;

    private Elsewhere(int number) {
        this.name = "cist-probe" + number;
        this.ours = "cist-here" + number;
        this.theirs = "cist-there" + number;
        this.here = "10.213." + number + ".1";
        this.there = "10.213." + number + ".2";
    }

    static void assumePossible() throws InterruptedException {
        assumeTrue(System.getProperty("user.name").equals("root") && Programs.works("ip", "netns", "list"),
                "network namespaces need root and iproute2");
    }

    /** One at a time has a number. */
    static Elsewhere enter(int number) throws IOException, InterruptedException {
        Elsewhere made = new Elsewhere(number);
        made.leave();
        made.ip("netns add " + made.name);
        made.ip("link add " + made.ours + " type veth peer name " + made.theirs);
        made.ip("link set " + made.theirs + " netns " + made.name);
        made.ip("addr add " + made.here + "/24 dev " + made.ours);
        made.ip("link set " + made.ours + " up");
        made.ip("netns exec " + made.name + " ip addr add " + made.there + "/24 dev " + made.theirs);
        made.ip("netns exec " + made.name + " ip link set " + made.theirs + " up");
        return made;
    }

    /** This machine's address, as seen from there. */
    String here() {
        return here;
    }

    /** The address of the other one. */
    String there() {
        return there;
    }

    /** What bash prints that runs there. */
    String bash(String script) throws IOException, InterruptedException {
        return Programs.run("ip", "netns", "exec", name, "bash", "-c", script);
    }

    /** Also what an ended run has left. */
    private void leave() throws InterruptedException {
        Programs.works("ip", "link", "del", ours);
        Programs.works("ip", "netns", "del", name);
    }

    private void ip(String words) throws IOException, InterruptedException {
        Programs.run(Stream.concat(Stream.of("ip"), Arrays.stream(words.split(" ", -1))).toList());
    }

    @Override
    public void close() throws InterruptedException {
        leave();
    }
}
