package dev.cistern.engine.network;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * Ranges of addresses as CIDR writes them (10.0.0.0/8, ::1/128): whoever is in one of them may come. Immutable.
 *
 * <p>No range at all lets nobody in.
 */
public final class AddressRanges implements Door.Peers {
    private final List<Range> ranges;

    private static final class Range {
        private final byte[] prefix;
        private final int bits;

        Range(byte[] prefix, int bits) {
            this.prefix = prefix;
            this.bits = bits;
        }

        boolean contains(byte[] address) {
            if (address.length != prefix.length) {
                return false;
            }
            int whole = bits >> 3;
            for (int i = 0; i < whole; i++) {
                if (address[i] != prefix[i]) {
                    return false;
                }
            }
            int rest = bits & 7;
            return rest == 0 || ((address[whole] ^ prefix[whole]) & 0xff & (0xff00 >> rest)) == 0;
        }
    }

    private AddressRanges(List<Range> ranges) {
        this.ranges = ranges;
    }

    /** Reads ranges between blanks or commas; IllegalArgumentException for what is none. Names are not looked up. */
    public static AddressRanges parse(String text) {
        List<Range> ranges = new ArrayList<>();
        for (String word : text.trim().split("[\\s,]+")) {
            if (!word.isEmpty()) {
                ranges.add(range(word));
            }
        }
        return new AddressRanges(List.copyOf(ranges));
    }

    private static Range range(String word) {
        int slash = word.indexOf('/');
        String host = slash < 0 ? word : word.substring(0, slash);
        if (!host.matches("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")) {
            throw new IllegalArgumentException("'" + word + "' is no range of addresses");
        }
        try {
            byte[] prefix = InetAddress.getByName(host).getAddress();
            int bits = slash < 0 ? prefix.length * 8 : Integer.parseInt(word.substring(slash + 1));
            if (bits < 0 || bits > prefix.length * 8) {
                throw new IllegalArgumentException("'" + word + "' is no range of addresses");
            }
            return new Range(prefix, bits);
        } catch (UnknownHostException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + word + "' is no range of addresses", e);
        }
    }

    @Override
    public boolean admit(InetSocketAddress peer) {
        InetAddress address = peer.getAddress();
        return address != null && contains(address);
    }

    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        for (Range range : ranges) {
            if (range.contains(bytes)) {
                return true;
            }
        }
        return false;
    }
}
