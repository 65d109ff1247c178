package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.network.AddressRanges;
import dev.cistern.engine.network.Door;
import dev.cistern.engine.network.TlsContext;
import dev.cistern.engine.network.TlsOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The door of a Memcached node: from where clients may come, and its certificates where it speaks TLS, which is then all
 * it speaks.
 *
 * <p>The files are read again on refresh_certs; connections that there are go on. Any thread.
 */
final class Encryption implements AutoCloseable {
    private final MemcachedSettings settings;
    private final Clock clock;
    private final Door door = new Door();
    private @Nullable TlsContext context;
    private volatile long refreshedMillis;

    Encryption(MemcachedSettings settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
        admit(settings.allowFrom);
        door.admitInsiders(settings.manager.isThere());
    }

    Door door() {
        return door;
    }

    /** Ranges of addresses whose connections are accepted; none for all. */
    void admit(String ranges) {
        door.admit(ranges.isBlank() ? null : AddressRanges.parse(ranges));
    }

    /** Reads the files; what was there before stays when that fails. */
    synchronized void refresh() throws IOException {
        if (!settings.isTls) {
            return;
        }
        TlsContext former = context;
        TlsContext fresh = TlsContext.read(options());
        context = fresh;
        door.speak(Door.Speech.TLS, fresh);
        refreshedMillis = clock.wallMillis();
        if (former != null) {
            former.close();
        }
    }

    private TlsOptions options() {
        TlsOptions.Clients clients = switch (settings.tlsVerifyMode) {
            case 0 -> TlsOptions.Clients.NO;
            case 1 -> TlsOptions.Clients.OPTIONAL;
            default -> TlsOptions.Clients.YES;
        };
        TlsOptions usual = TlsOptions.of(Path.of(settings.tlsChain), Path.of(settings.tlsKey));
        return new TlsOptions(usual.certificates(), usual.key(), null,
                settings.tlsAuthorities.isEmpty() ? List.of() : List.of(Path.of(settings.tlsAuthorities)), clients,
                settings.tlsLeastVersion.equals("tlsv1.3") ? List.of("TLSv1.3") : List.of(),
                settings.tlsCiphers.isEmpty() ? List.of() : List.of(settings.tlsCiphers.split(":")), List.of(), false,
                settings.tlsCachesSessions, usual.sessionCacheSize(), usual.sessionSeconds());
    }

    long secondsSinceRefresh() {
        return TimeUnit.MILLISECONDS.toSeconds(clock.wallMillis() - refreshedMillis);
    }

    @Override
    public synchronized void close() {
        if (context != null) {
            context.close();
        }
    }
}
