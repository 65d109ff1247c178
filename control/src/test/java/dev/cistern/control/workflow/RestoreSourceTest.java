package dev.cistern.control.workflow;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/** What lies in databases out there, in the middle of a restore. */
final class RestoreSourceTest {

    @Test
    void whatAnOlderVersionStoredCanBeRead() {
        RestoreSource source = JsonMapper.builder().build()
                .readValue("{\"snapshot\":\"s\",\"bucket\":null,\"objectKey\":null}", RestoreSource.class);
        assertThat(source).isEqualTo(RestoreSource.ofSnapshot("s"));
    }
}
