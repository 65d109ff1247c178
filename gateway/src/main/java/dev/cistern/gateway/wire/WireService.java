package dev.cistern.gateway.wire;

import dev.cistern.control.Caller;

/** One AWS service as its wire protocol has it: parameters in, XML out. Safe for many threads. */
public interface WireService {

    /** An HTTP status, the XML for it, and the fault's code, which is empty when there is no fault. */
    record Answer(int status, String xml, String code) {}

    /** The name that credentials are scoped to. */
    String name();

    /** The API version that every request of it states. */
    String version();

    /** An action as AWS spells it; as it was said when there is none of that name. */
    String actionNamed(String said);

    /** Does what is asked; never throws. */
    Answer answer(FormParameters parameters, Caller caller, String requestId);

    /** A fault that was found before the request reached an action. */
    Answer answer(WireFault fault, String requestId);
}
