package org.v4vgpu.bench.report;

/** Text as HTML wants it. Safe for any thread. */
final class HtmlText {
    private HtmlText() {}

    /** For element content and for attributes in double quotes. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
