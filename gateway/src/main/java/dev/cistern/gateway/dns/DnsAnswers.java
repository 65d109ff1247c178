package dev.cistern.gateway.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsOpCode;
import io.netty.handler.codec.dns.DnsQuery;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * What is answered to a query: an address that may change soon, or that there is no such name. No threads, no sockets.
 *
 * @param domain  without a dot at its end, in lower case
 */
record DnsAnswers(String domain, Function<String, Optional<InetAddress>> names) {

    /** A failover is to be seen within this time by clients that ask again. */
    static final int TTL_SECONDS = 5;

    private static final int SERIAL = 1;
    private static final int REFRESH_SECONDS = 60;
    private static final int RETRY_SECONDS = 10;
    private static final int EXPIRE_SECONDS = 600;

    /** Fills the empty answer to a query. */
    <R extends DnsResponse> R fill(DnsQuery query, R response) {
        response.setRecursionDesired(query.isRecursionDesired());
        if (!query.opCode().equals(DnsOpCode.QUERY) || query.count(DnsSection.QUESTION) != 1) {
            response.setCode(query.opCode().equals(DnsOpCode.QUERY) ? DnsResponseCode.FORMERR : DnsResponseCode.NOTIMP);
            return response;
        }
        DnsQuestion question = query.recordAt(DnsSection.QUESTION);
        response.addRecord(DnsSection.QUESTION, new DefaultDnsQuestion(question.name(), question.type(),
                question.dnsClass()));
        String name = withoutDot(question.name()).toLowerCase(Locale.ROOT);
        boolean isOurs = question.dnsClass() == DnsRecord.CLASS_IN
                && (name.equals(domain) || name.endsWith("." + domain));
        if (!isOurs) {
            response.setCode(DnsResponseCode.REFUSED);
            return response;
        }
        response.setAuthoritativeAnswer(true);
        answer(question, name, response);
        return response;
    }

    private void answer(DnsQuestion question, String name, DnsResponse response) {
        if (name.equals(domain)) {
            answerApex(question, response);
            return;
        }
        Optional<InetAddress> address = names.apply(name);
        boolean asksAddress = question.type().equals(DnsRecordType.A) || question.type().equals(DnsRecordType.ANY);
        if (address.isPresent() && asksAddress && address.get() instanceof Inet4Address found) {
            response.addRecord(DnsSection.ANSWER, new DefaultDnsRawRecord(question.name(), DnsRecordType.A, TTL_SECONDS,
                    Unpooled.wrappedBuffer(found.getAddress())));
        } else if (address.isPresent()) {
            response.addRecord(DnsSection.AUTHORITY, authority());
        } else {
            response.setCode(DnsResponseCode.NXDOMAIN);
            response.addRecord(DnsSection.AUTHORITY, authority());
        }
    }

    /** The domain itself: who asks whether anybody is responsible for it. */
    private void answerApex(DnsQuestion question, DnsResponse response) {
        boolean asksAuthority = question.type().equals(DnsRecordType.SOA) || question.type().equals(DnsRecordType.ANY);
        if (question.type().equals(DnsRecordType.NS)) {
            ByteBuf server = Unpooled.buffer();
            write(server, "ns." + domain);
            response.addRecord(DnsSection.ANSWER,
                    new DefaultDnsRawRecord(domain + ".", DnsRecordType.NS, TTL_SECONDS, server));
        } else {
            response.addRecord(asksAuthority ? DnsSection.ANSWER : DnsSection.AUTHORITY, authority());
        }
    }

    /** Says for how long others may remember that there is no such name. */
    private DnsRecord authority() {
        ByteBuf data = Unpooled.buffer();
        write(data, "ns." + domain);
        write(data, "hostmaster." + domain);
        data.writeInt(SERIAL).writeInt(REFRESH_SECONDS).writeInt(RETRY_SECONDS).writeInt(EXPIRE_SECONDS)
                .writeInt(TTL_SECONDS);
        return new DefaultDnsRawRecord(domain + ".", DnsRecordType.SOA, TTL_SECONDS, data);
    }

    private static void write(ByteBuf out, String name) {
        for (String label : name.split("\\.", -1)) {
            byte[] bytes = label.getBytes(StandardCharsets.US_ASCII);
            out.writeByte(bytes.length).writeBytes(bytes);
        }
        out.writeByte(0);
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
