package dev.cistern.benchmarks.ring;

import java.util.zip.CRC32;

/** A hash of the key modulo the number of nodes: what clients do that know no ring. */
final class Modulo implements Placement {

    @Override
    public String name() {
        return "modulo";
    }

    @Override
    public Choice among(int nodes) {
        CRC32 crc = new CRC32();
        return key -> {
            crc.reset();
            crc.update(key);
            return (int) (crc.getValue() % nodes);
        };
    }
}
