package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;

/** Keys as the original's logs and dumps spell them: all but letters, digits and {@code -._~} as {@code %XX}. */
final class UriText {
    private static final String PLAIN = "-._~";
    private static final String HEX = "0123456789ABCDEF";

    private UriText() {}

    static String of(Bytes key) {
        StringBuilder text = new StringBuilder(key.length());
        for (int i = 0; i < key.length(); i++) {
            char character = (char) (key.byteAt(i) & 0xFF);
            boolean plain = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z')
                    || (character >= '0' && character <= '9') || PLAIN.indexOf(character) >= 0;
            if (plain) {
                text.append(character);
            } else {
                text.append('%').append(HEX.charAt(character >>> 4)).append(HEX.charAt(character & 15));
            }
        }
        return text.toString();
    }
}
