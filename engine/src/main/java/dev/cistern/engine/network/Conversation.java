package dev.cistern.engine.network;

/** Who talks over a {@link Connection}. Called on the connection's loop only. */
public interface Conversation {

    /** The connection is open: the first call. */
    void opened();

    /**
     * Bytes arrived in the loop's receive buffer; after the call they are gone. The room around them that a
     * {@link ReceiveBuffer} has may be used.
     */
    void received(long address, int length);

    /** Everything sent before has left; {@link Connection#backlogBytes} is 0 again. */
    void drained();

    /** The connection is closed, by either side: the last call. */
    void closed();
}
