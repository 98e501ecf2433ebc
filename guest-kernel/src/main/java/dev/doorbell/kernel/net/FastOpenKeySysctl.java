package dev.doorbell.kernel.net;

import dev.doorbell.kernel.tcp.TcpConfig;

/**
 * net.ipv4.tcp_fastopen_key: four hexadecimal words with dashes between them, and perhaps a comma and four more, the
 * key that cookies made before are still accepted by.
 */
final class FastOpenKeySysctl implements Sysctl {
    private static final int WORDS = 4, HEX = 16;
    private static final int[] NO_KEY = new int[WORDS];

    private final TcpConfig config;

    FastOpenKeySysctl(TcpConfig config) {
        this.config = config;
    }

    @Override
    public String get() {
        int[] key = config.fastopenKey.length == 0 ? NO_KEY : config.fastopenKey;
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < key.length; i++) {
            text.append(i == 0 ? "" : i == WORDS ? "," : "-").append(String.format("%08x", key[i]));
        }
        return text.toString();
    }

    @Override
    public boolean set(String value) {
        String[] keys = value.strip().split(",", -1);
        if (keys.length > 2) {
            return false;
        }
        int[] words = new int[keys.length * WORDS];
        for (int k = 0; k < keys.length; k++) {
            String[] parts = keys[k].split("-", -1);
            if (parts.length != WORDS) {
                return false;
            }
            for (int i = 0; i < WORDS; i++) {
                if (!parts[i].matches("[0-9a-fA-F]{1,8}")) {
                    return false;
                }
                words[k * WORDS + i] = Integer.parseUnsignedInt(parts[i], HEX);
            }
        }
        config.fastopenKey = words;
        return true;
    }

    @Override
    public String allowed() {
        return "four hexadecimal words such as 1-2-3-4, or eight as in 1-2-3-4,5-6-7-8";
    }
}
