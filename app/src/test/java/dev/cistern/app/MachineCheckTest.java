package dev.cistern.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The doctor's judgement, on machines that a temporary folder plays. */
final class MachineCheckTest {

    @TempDir
    private Path root;

    @Test
    void aFitMachineHasNothingToMend() throws IOException {
        write("proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable:    4194304 kB\n");
        write("proc/sys/vm/overcommit_memory", "1\n");
        write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        write("proc/self/limits", "Max open files            65536                65536                files\n");
        write("proc/sys/net/core/somaxconn", "4096\n");
        assertThat(findings()).hasSize(5).allSatisfy(f -> assertThat(f.grade()).isEqualTo(Finding.Grade.OK));
        assertThat(findings().getFirst().found()).isEqualTo("4.00G available");
    }

    @Test
    void everyWeaknessComesWithARemedy() throws IOException {
        write("proc/meminfo", "MemAvailable:    100000 kB\n");
        write("proc/sys/vm/overcommit_memory", "2\n");
        write("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
        write("proc/self/limits", "Max open files            1024                4096                files\n");
        write("proc/sys/net/core/somaxconn", "128\n");
        assertThat(findings()).hasSize(5).allSatisfy(finding -> {
            assertThat(finding.grade()).isEqualTo(Finding.Grade.WARN);
            assertThat(finding.remedy()).isNotBlank();
        });
    }

    @Test
    void aContainersLimitCounts() throws IOException {
        write("proc/meminfo", "MemAvailable:    4194304 kB\n");
        write("sys/fs/cgroup/memory.max", "268435456\n");
        assertThat(findings()).singleElement().satisfies(finding -> {
            assertThat(finding.grade()).isEqualTo(Finding.Grade.WARN);
            assertThat(finding.found()).contains("256.00M");
        });
    }

    @Test
    void anotherSystemIsNotJudged() {
        assertThat(findings()).isEmpty();
    }

    @Test
    void aTakenPortFails() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(DoctorCommand.port(taken.getLocalPort()).grade()).isEqualTo(Finding.Grade.FAIL);
        }
    }

    private List<Finding> findings() {
        return new MachineCheck(root).findings();
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }
}
