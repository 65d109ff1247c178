package dev.cistern.app.process;

import dev.cistern.control.node.MemcachedAdmin;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.resource.MemcachedCluster;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code memcached} of this machine. It has nothing secret: it knows no admin, and whoever reaches it is its customer.
 *
 * <p>Parameters become its letters, as far as it has one for them; the others are about memory that it deals with by itself.
 */
final class MemcachedProgram implements Program {

    private static final long MEGABYTE = 1 << 20;

    /** Parameters by the letter that takes their value. */
    private static final Map<String, String> LETTERS = Map.of("backlog_queue_limit", "-b", "chunk_size", "-n",
            "chunk_size_growth_factor", "-f", "max_item_size", "-I", "max_simultaneous_connections", "-c",
            "num_threads", "-t", "binding_protocol", "-B", "requests_per_event", "-R");

    /** Parameters by the letter that stands when their value is 1. */
    private static final Map<String, String> SWITCHES = Map.of("cas_disabled", "-C", "disable_flush_all", "-F",
            "error_on_memory_exhausted", "-M");

    /** Parameters by the word of {@code -o} that takes their value, where 0 is the same as nothing. */
    private static final Map<String, String> EXTENSIONS = Map.of("idle_timeout", "idle_timeout");

    @Override
    public List<String> prepare(NodeSpec spec) {
        Path program = Originals.find("memcached")
                .orElseThrow(() -> new NodeRuntimeException("memcached is not installed on this machine"));
        List<String> words = new ArrayList<>(List.of(program.toString(), "-l", Indoors.host(spec), "-p",
                Integer.toString(spec.port()), "-U", "0", "-m",
                Long.toString(Math.max(1, spec.maxMemoryBytes() / MEGABYTE)),
                // It asks for this letter only when it is started by root, and is not offended otherwise.
                "-u", System.getProperty("user.name")));
        spec.parameters().forEach((name, value) -> {
            if (LETTERS.containsKey(name)) {
                words.add(LETTERS.get(name));
                words.add(value);
            } else if (SWITCHES.containsKey(name) && value.equals("1")) {
                words.add(SWITCHES.get(name));
            } else if (EXTENSIONS.containsKey(name) && !value.equals("0")) {
                words.add("-o");
                words.add(EXTENSIONS.get(name) + "=" + value);
            }
        });
        return words;
    }

    /** The list of its cluster is an item to it, where clients look for one. */
    @Override
    public void begun(NodeSpec spec) {
        String list = spec.parameters().getOrDefault(MemcachedCluster.LIST_SETTING, "");
        if (!list.isEmpty()) {
            new MemcachedAdmin(Indoors.server(spec), spec.admin(), null, true).setList(list);
        }
    }
}
