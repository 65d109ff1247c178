package dev.cistern.engine;

import dev.cistern.engine.dispatch.CommandView;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a cache node is started with. Immutable.
 *
 * @param name what logs call it
 * @param settings first values of settings, by the names that CONFIG knows
 * @param operatingSystem what INFO shows as {@code os}
 * @param internalUser the control plane's own user, whom no customer sees; null for none
 * @param customerView what customers see of the commands; the internal user sees all
 * @param epoch the one by which a control plane has it started: it then leads only when it is told so; 0 for none
 */
public record NodeOptions(String name, Map<String, String> settings, String operatingSystem,
        @Nullable InternalUser internalUser, CommandView customerView, long epoch) {

    /** A name and password that AUTH accepts, and no command shows. */
    public record InternalUser(String name, String password) {

        @Override
        public String toString() {
            return "InternalUser[" + name + "]";
        }
    }

    public NodeOptions {
        settings = Map.copyOf(settings);
    }

    /** A node of this name on this port (0: any free one) of 127.0.0.1, everything else as the original's default. */
    public static NodeOptions onPort(String name, int port) {
        String system = System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
        return new NodeOptions(name, Map.of("port", Integer.toString(port)), system, null, CommandView.EVERYTHING, 0);
    }

    public NodeOptions with(String setting, String value) {
        Map<String, String> changed = new LinkedHashMap<>(settings);
        changed.put(setting, value);
        return new NodeOptions(name, changed, operatingSystem, internalUser, customerView, epoch);
    }

    public NodeOptions withOperatingSystem(String text) {
        return new NodeOptions(name, settings, text, internalUser, customerView, epoch);
    }

    public NodeOptions withInternalUser(String userName, String password) {
        return new NodeOptions(name, settings, operatingSystem, new InternalUser(userName, password), customerView,
                epoch);
    }

    /** Hides commands from customers, or gives them other names: to them, what is hidden does not exist. */
    public NodeOptions withCustomerView(CommandView view) {
        return new NodeOptions(name, settings, operatingSystem, internalUser, view, epoch);
    }

    /** Has it boot fenced, as a node whose role is ordered from outside. */
    public NodeOptions withEpoch(long value) {
        return new NodeOptions(name, settings, operatingSystem, internalUser, customerView, value);
    }

    /** Names settings without their values, some of which are passwords. */
    @Override
    public String toString() {
        return "NodeOptions[" + name + " " + new TreeSet<>(settings.keySet()) + " epoch " + epoch + "]";
    }
}
