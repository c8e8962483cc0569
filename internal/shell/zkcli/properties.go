package zkcli

import (
	"fmt"
	"os"
	"strings"

	"quoll/internal/shell/fault"
	"quoll/internal/shell/settings"
)

// Properties takes the settings of a client's properties file, the argument of
// -client-configuration. It returns the keys that have no meaning here.
func Properties(file string, set *settings.Settings) (unknown []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Usage("-client-configuration: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		known, err := property(strings.TrimSpace(key), strings.TrimSpace(value), set)
		if err != nil {
			return nil, fault.Usage("%s: %w", file, err)
		}
		if !known {
			unknown = append(unknown, strings.TrimSpace(key))
		}
	}
	return unknown, nil
}

// property takes one setting. Those of Java's own machinery are known, and mean nothing here.
func property(key, value string, set *settings.Settings) (known bool, err error) {
	switch key {
	case "zookeeper.client.secure":
		set.Secure = value == "true"
	case "zookeeper.ssl.trustStore.location":
		set.TLS.CA = value
		return true, needPEM(value)
	case "zookeeper.ssl.keyStore.location":
		set.TLS.Cert, set.TLS.Key = value, value // a PEM file has both
		return true, needPEM(value)
	case "zookeeper.clientCnxnSocket", "zookeeper.ssl.trustStore.type",
		"zookeeper.ssl.keyStore.type":
	default:
		return false, nil
	}
	return true, nil
}

func needPEM(file string) error {
	if strings.HasSuffix(file, ".jks") || strings.HasSuffix(file, ".p12") ||
		strings.HasSuffix(file, ".bcfks") {
		return fmt.Errorf("%s: only PEM files can be read; keytool and openssl convert", file)
	}
	return nil
}
