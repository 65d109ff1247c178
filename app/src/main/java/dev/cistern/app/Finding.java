package dev.cistern.app;

/** One result of the doctor: what was looked at, what was found, and what to do about it (empty when all is well). */
record Finding(Grade grade, String subject, String found, String remedy) {

    enum Grade {
        /** As it should be. */
        OK("ok  "),
        /** Works, but not as well as it could. */
        WARN("warn"),
        /** Cistern will not work until this is mended. */
        FAIL("FAIL");

        private final String label;

        Grade(String label) {
            this.label = label;
        }
    }

    static Finding ok(String subject, String found) {
        return new Finding(Grade.OK, subject, found, "");
    }

    static Finding warn(String subject, String found, String remedy) {
        return new Finding(Grade.WARN, subject, found, remedy);
    }

    static Finding fail(String subject, String found, String remedy) {
        return new Finding(Grade.FAIL, subject, found, remedy);
    }

    @Override
    public String toString() {
        String line = String.format("%s  %-14s %s", grade.label, subject, found);
        return remedy.isEmpty() ? line : line + System.lineSeparator() + " ".repeat(21) + remedy;
    }
}
