package dev.cistern.gateway.sign;

import dev.cistern.control.Caller;
import dev.cistern.control.node.LoginKeys;
import dev.cistern.control.node.Secret;
import dev.cistern.control.node.SigningKey;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;

/** The keys of a file as nodes are told of them, so that their owners can log in by signed tokens. Any thread. */
public final class LoginKeyFile implements LoginKeys {

    private final KeyFile file;
    private final String accountByDefault;

    /** Keys without an account are for the caller's. */
    public LoginKeyFile(KeyFile file, Caller byDefault) {
        this.file = file;
        this.accountByDefault = byDefault.account();
    }

    @Override
    public Object state() {
        return file.current();
    }

    @Override
    public List<SigningKey> of(String account, String region, LocalDate date) {
        String day = DateTimeFormatter.BASIC_ISO_DATE.format(date);
        return file.current().all().stream()
                .filter(key -> key.role().mayConnect())
                .filter(key -> account.equals(key.account() == null ? accountByDefault : key.account()))
                .map(key -> new SigningKey(key.id(), day, new Secret(HexFormat.of().formatHex(
                        Hashes.signingKey(key.secret(), day, region, "elasticache")))))
                .toList();
    }
}
