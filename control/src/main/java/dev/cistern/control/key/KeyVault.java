package dev.cistern.control.key;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Has the keys that nodes' files are encrypted with, named as KMS names its own. Any thread.
 */
public interface KeyVault {

    /** For nodes that cannot encrypt: nothing is. */
    KeyVault NONE = new NoKeys();

    /** The name by which AWS's services know the key that they have for who names none. */
    String OWN_ALIAS = "alias/aws/elasticache";

    /** The setting that tells a node with which key it is to encrypt. */
    String KEY_SETTING = "at-rest-key-id";

    /** Whether nodes can encrypt at all. */
    boolean isThere();

    /** The Amazon Resource Name of the key for who names none; made when it is needed first. */
    String own(String account, String region);

    /** The Amazon Resource Name of a key that may be chosen, by its id, name or alias; null if there is none. */
    @Nullable
    String find(String name, String account, String region);

    /** What a node is told: with which key it encrypts (null for none), and where those are that it decrypts with. */
    Map<String, String> nodeSettings(@Nullable String keyArn);

    /** Whether the file needs no other encryption to be encrypted with that key; of null, whether it is not encrypted. */
    boolean isSealedWith(Path file, @Nullable String keyArn) throws IOException;

    /**
     * Writes a file anew, decrypted if it is encrypted, and encrypted with that key unless it is null.
     *
     * @throws IOException also when the file is not what was written
     */
    void seal(Path from, Path to, @Nullable String keyArn) throws IOException;
}
