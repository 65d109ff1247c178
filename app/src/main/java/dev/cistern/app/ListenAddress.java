package dev.cistern.app;

import java.net.InetAddress;
import java.net.UnknownHostException;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Where a service listens. Anything but this machine's own loopback has to be wished for in so many words: a cache that
 * is open to a network by accident is emptied, or worse, within hours.
 */
final class ListenAddress {

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--bind", paramLabel = "ADDRESS", defaultValue = "127.0.0.1", description = "The address to listen on (default ${DEFAULT-VALUE}).")
    private String host;

    @Option(names = "--allow-remote", description = "Needed when ADDRESS can be reached from other machines.")
    private boolean allowRemote;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
    ListenAddress() {}

    /**
     * The address, once it is clear that the user means it.
     *
     * @param isProtected whether callers have to prove who they are
     * @param remedy      what it means when they do not, and how the user makes them
     */
    String checked(boolean isProtected, String remedy) {
        if (isLoopback()) {
            return host;
        }
        if (!allowRemote) {
            throw new ParameterException(command.commandLine(), "--bind " + host
                    + " lets other machines in; add --allow-remote if you mean that");
        }
        if (!isProtected) {
            throw new ParameterException(command.commandLine(), "--bind " + host + ": " + remedy);
        }
        return host;
    }

    boolean isLoopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new ParameterException(command.commandLine(), "--bind " + host + " is no address of this machine");
        }
    }
}
