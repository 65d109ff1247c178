package dev.cistern.toolkit.backend;

import java.util.Collection;

/** Hears which tracked keys changed on the server. Called by a network thread, in the order of the wire. */
public interface InvalidationListener {

    /** These keys changed. */
    void changed(Collection<String> keys);

    /** Any key may have changed unseen: the connection was lost, or the server was flushed. */
    void lost();

    /** From now on changes are announced again. */
    void tracking();
}
