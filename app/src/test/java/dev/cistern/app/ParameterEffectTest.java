package dev.cistern.app;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.Parameter;
import dev.cistern.control.resource.ParameterFamily;
import dev.cistern.engine.memcached.IdleParameters;
import dev.cistern.engine.settings.InvalidSettingException;
import dev.cistern.engine.settings.Setting;
import dev.cistern.engine.settings.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds PARAMETERS.md to what the engine has a use for, and every value that a parameter group takes to what the engine
 * takes. With -Dcoverage.write=true it writes the page instead.
 */
final class ParameterEffectTest {

    private static final Path PAGE = Path.of("..", "PARAMETERS.md");
    private static final String RENEW = "mvn -q -pl app -am verify -Dtest=ParameterEffectTest -Dcoverage.write=true"
            + " -Dsurefire.failIfNoSpecifiedTests=false";

    /** No setting of the engine's: the view of commands that a node is started with. */
    private static final String RENAMES = "rename-commands";

    private static final String FREED_IN_SLICES = "large values are always freed in slices";
    private static final String FREED_AFTERWARDS = "a replica's old data go while it serves the new";
    private static final String FOLLOW_THE_PRIMARY = "replicas of a group follow its primary";
    private static final String NO_SEARCH = "there is no search";
    private static final String LISTS_HAVE_CHUNKS = "a list's packed chunks have one size for all";

    /** Why parameters of Redis and Valkey change nothing in nodes of ours. */
    private static final Map<String, String> REASONS = Map.ofEntries(
            Map.entry("active-defrag-max-scan-fields", "elements are moved span by span, however many a value has"),
            Map.entry("activerehashing", "the index grows bucket by bucket, so there is no rehash"),
            Map.entry("cluster-databases", "a cluster has one database"),
            Map.entry("cluster-preferred-endpoint-type",
                    "clients are told the advertised address, which the nodes' certificates name, too"),
            Map.entry("lazyfree-lazy-user-del", FREED_IN_SLICES),
            Map.entry("list-compress-depth", "lists are not compressed"),
            Map.entry("list-max-ziplist-entries", LISTS_HAVE_CHUNKS),
            Map.entry("list-max-ziplist-value", LISTS_HAVE_CHUNKS),
            Map.entry("replica-allow-chaining", FOLLOW_THE_PRIMARY),
            Map.entry("replica-lazy-flush", FREED_AFTERWARDS),
            Map.entry("search-default-timeout-ms", NO_SEARCH),
            Map.entry("search-enable-partial-results", NO_SEARCH),
            Map.entry("search-fanout-target-mode", NO_SEARCH),
            Map.entry("slave-allow-chaining", FOLLOW_THE_PRIMARY),
            Map.entry("slave-lazy-flush", FREED_AFTERWARDS));

    private static String reason(String parameter) {
        String ofMemcached = IdleParameters.reason(parameter);
        return ofMemcached == null ? REASONS.getOrDefault(parameter, "") : ofMemcached;
    }

    @Test
    void whateverChangesNothingHasAReason() {
        assertThat(idle()).isNotEmpty().allSatisfy(name -> assertThat(reason(name)).as(name).isNotEmpty());
    }

    @Test
    void pageIsTrue() throws IOException {
        String page = page();
        if (Boolean.getBoolean("coverage.write")) {
            Files.writeString(PAGE, page);
        }
        assertThat(PAGE).as("renew it: " + RENEW).exists().content(StandardCharsets.UTF_8)
                .as("PARAMETERS.md is out of date; renew it: " + RENEW).isEqualTo(page);
    }

    @Test
    void theEngineTakesWhatAGroupTakes() {
        for (ParameterFamily family : ParameterFamily.ALL) {
            for (Parameter parameter : family.parameters().values()) {
                String setting = parameter.ownSetting();
                if (setting != null && new Settings().find(setting) != null) {
                    candidates(parameter).stream().filter(parameter::allows)
                            .forEach(value -> takes(family.name() + " " + parameter.name(), setting, value));
                }
            }
        }
    }

    private static void takes(String name, String setting, String value) {
        try {
            new Settings().start(Map.of(setting, value));
        } catch (InvalidSettingException refused) {
            throw new AssertionError(name + " may be " + value + ", but the engine says: " + refused.reason(), refused);
        }
    }

    /** Every word that is allowed; of a range its ends and their neighbours. */
    private static List<String> candidates(Parameter parameter) {
        List<String> values = new ArrayList<>(List.of(parameter.defaultValue()));
        if (parameter.modifiable()) {
            values.addAll(
                    List.of("KEg$lshzxeA", Integer.toString(Integer.MAX_VALUE), Long.toString(Long.MAX_VALUE)));
        }
        for (String part : parameter.modifiable() ? parameter.allowedValues().split(",", -1) : new String[0]) {
            values.add(part);
            values.addAll(List.of(part.split("-", -1)));
        }
        // A node that is cluster-enabled is not offered yet, and the control plane refuses such a group.
        values.removeIf(value -> value.equals("yes") && parameter.name().equals("cluster-enabled"));
        return values;
    }

    private static boolean acts(ParameterFamily family, Parameter parameter, Settings settings) {
        if (family.engine() == EngineType.MEMCACHED) {
            return IdleParameters.reason(parameter.name()) == null;
        }
        String name = parameter.anySetting();
        Setting setting = name == null ? null : settings.find(name);
        return parameter.name().equals(RENAMES) || (setting != null && setting.acts());
    }

    private static Set<String> idle() {
        return names(false, EnumSet.allOf(EngineType.class));
    }

    /** Those of Redis and Valkey that PARAMETERS.md says to act. */
    static Set<String> actingOfRedis() {
        return names(true, EnumSet.complementOf(EnumSet.of(EngineType.MEMCACHED)));
    }

    private static Set<String> names(boolean acting, Set<EngineType> engines) {
        Settings settings = new Settings();
        Set<String> names = new TreeSet<>();
        ParameterFamily.ALL.stream().filter(family -> engines.contains(family.engine()))
                .forEach(family -> family.parameters().values().stream()
                        .filter(parameter -> acts(family, parameter, settings) == acting)
                        .forEach(parameter -> names.add(parameter.name())));
        return names;
    }

    private static String page() {
        SortedMap<String, List<String>> acting = new TreeMap<>();
        SortedMap<String, List<String>> without = new TreeMap<>();
        Settings settings = new Settings();
        for (ParameterFamily family : ParameterFamily.ALL) {
            for (Parameter parameter : family.parameters().values()) {
                (acts(family, parameter, settings) ? acting : without)
                        .computeIfAbsent(parameter.name(), name -> new ArrayList<>())
                        .add(family.name());
            }
        }
        return """
                # What parameters do

                Generated from the code; a test fails when this page is not true. Renew it with
                `%s`.

                Every parameter of every family can be set, is checked as AWS checks it and is shown. Nodes in this JVM take
                those of the first list, and a test shows what each of them changes. Those of the second are accepted without effect, for the reason beside each. Nodes that are real `redis-server` or `valkey-server` processes take what those know.

                ## They act: %d

                %s
                ## They are accepted without effect: %d

                %s"""
                .formatted(RENEW, acting.size(), table(acting), without.size(), tableWithReasons(without));
    }

    private static String tableWithReasons(SortedMap<String, List<String>> parameters) {
        StringBuilder table = new StringBuilder("| parameter | families | why |\n|---|---|---|\n");
        parameters.forEach((name, families) -> table.append("| ").append(name).append(" | ").append(range(families))
                .append(" | ").append(reason(name)).append(" |\n"));
        return table.toString();
    }

    private static String range(List<String> families) {
        return families.getFirst() + (families.size() == 1 ? "" : " to " + families.getLast());
    }

    private static String table(SortedMap<String, List<String>> parameters) {
        StringBuilder table = new StringBuilder("| parameter | families |\n|---|---|\n");
        parameters.forEach((name, families) -> table.append("| ").append(name).append(" | ")
                .append(range(families)).append(" |\n"));
        return table.toString();
    }
}
