package config

func authKeys() []Key {
	return []Key{
		prop(Key{Name: "skipACL", Kind: PropYes, Default: "no",
			into: func(c *Config) any { return &c.Auth.SkipACL }}),
		prop(Key{Name: "enableEagerACLCheck", Kind: PropFlag, Default: "false",
			into: func(c *Config) any { return &c.Auth.EagerACLCheck }}),
		prop(Key{Name: "DigestAuthenticationProvider.enabled", Kind: PropFlagOn, Default: "true",
			into: func(c *Config) any { return &c.Auth.DigestEnabled }}),
		prop(Key{Name: "DigestAuthenticationProvider.digestAlg", Default: "SHA1",
			into: func(c *Config) any { return &c.Auth.DigestAlgorithm }}),
		prop(Key{Name: "DigestAuthenticationProvider.superDigest", Kind: Hidden,
			into: func(c *Config) any { return &c.Auth.SuperDigest }}),
		prop(Key{Name: "enforce.auth.enabled", Kind: PropFlag, Default: "false",
			into: func(c *Config) any { return &c.Auth.Enforce }}),
		prop(Key{Name: "enforce.auth.schemes", Kind: List,
			into: func(c *Config) any { return &c.Auth.EnforceSchemes }}),
		prop(Key{Name: "authProvider.*",
			Reason: "Apache's digest and ip; SASL and x509 are refused, others are not loaded"}),
		warned("IPAuthenticationProvider.usexforwardedfor", PropFlag, None, "false", noAdmin),
		warned("ensembleAuthName", Text, None, "", "the ensemble scheme is not served"),
		warned("X509AuthenticationProvider.superUser", Text, None, "", noTLS),
	}
}

func saslKeys() []Key {
	return []Key{
		refused("sessionRequireClientSASLAuth", PropFlag, "false", noSASL),
		warned("allowSaslFailedClients", PropFlag, None, "false", noSASL),
		warned("superUser*", Text, None, "", noSASL),
		prop(Key{Name: "SASLAuthenticationProvider.superPassword", Kind: Hidden,
			Verdict: Warned, Reason: noSASL}),
		warned("letAnySaslUserDoX", Text, None, "", noSASL),
		warned("sasl.serverconfig", Text, None, "Server", noSASL),
		warned("security.auth_to_local", Text, None, "DEFAULT", noSASL),
		warned("kerberos.removeHostFromPrincipal", PropTrue, None, "false", noSASL),
		warned("kerberos.removeRealmFromPrincipal", PropTrue, None, "false", noSASL),
		warned("kerberos.minReLoginTimeMs", PropLong, Millis, "60000", noSASL),
		warned("kerberos.canonicalizeHostNames", PropFlag, None, "false", noSASL),
		warned("requireKerberosConfig", PropTrue, None, "false", noSASL),
		warned("kinit", Text, None, "/usr/bin/kinit", noSASL),
		{Property: prefix + "server.principal", Verdict: Warned, Reason: noSASL},
		{Property: prefix + "server.realm", Verdict: Warned, Reason: noSASL},
		{Property: "java.security.auth.login.config", Verdict: Warned, Reason: noSASL},
		{Property: "java.security.krb5.conf", Verdict: Warned, Reason: noSASL},
		{Property: "sun.security.jgss.native", Kind: PropFlag, Default: "false",
			Verdict: Warned, Reason: noSASL},
	}
}

// tlsKeys returns the keys of TLS. Most of them exist twice: for the client port and
// for the ports of the ensemble.
func tlsKeys() []Key {
	keys := []Key{
		warned("fips-mode", PropFlagOn, None, "true", noTLS),
		warned("ssl.authProvider", Text, None, "x509", noTLS),
		warned("ssl.sslProvider", Text, None, "JDK", noTLS),
	}
	for _, port := range []string{"ssl.", "ssl.quorum."} {
		for _, name := range []string{"keyStore.", "trustStore."} {
			password := warned(port+name+"password", Hidden, None, "", noTLS)
			keys = append(keys, password,
				warned(port+name+"location", Text, None, "", noTLS),
				warned(port+name+"passwordPath", Text, None, "", noTLS),
				warned(port+name+"type", Text, None, "", noTLS))
		}
		keys = append(keys,
			warned(port+"protocol", Text, None, "", noTLS),
			warned(port+"enabledProtocols", Text, None, "", noTLS),
			warned(port+"ciphersuites", Text, None, "", noTLS),
			warned(port+"context.supplier.class", Text, None, "", noTLS),
			warned(port+"hostnameVerification", PropFlagOn, None, "true", noTLS),
			warned(port+"clientHostnameVerification", PropFlag, None, "", noTLS),
			warned(port+"allowReverseDnsLookup", PropFlag, None, "false", noTLS),
			warned(port+"crl", PropFlag, None, "false", noTLS),
			warned(port+"ocsp", PropFlag, None, "false", noTLS),
			warned(port+"clientAuth", Text, None, "need", noTLS),
			warned(port+"handshakeDetectionTimeoutMillis", PropNumber, Millis, "5000", noTLS))
	}
	return keys
}
