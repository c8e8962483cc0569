package config

func featureKeys() []Key {
	return []Key{
		prop(Key{Name: "extendedTypesEnabled", Kind: PropFlag, Default: "false",
			into: func(c *Config) any { return &c.Features.ExtendedTypes }}),
		prop(Key{Name: "emulate353TTLNodes", Kind: PropFlag, Default: "false",
			into: func(c *Config) any { return &c.Features.Emulate353TTL }}),
		prop(Key{Name: "enforceQuota", Kind: PropFlag, Default: "false",
			into: func(c *Config) any { return &c.Features.EnforceQuota }}),
		prop(Key{Name: "digest.enabled", Kind: PropFlagOn, Default: "true",
			into: func(c *Config) any { return &c.Features.TreeDigest }}),
		prop(Key{Name: "closeSessionTxn.enabled", Kind: PropFlagOn, Default: "true",
			into: func(c *Config) any { return &c.Features.CloseSessionTxn }}),
		{Property: "readonlymode.enabled", Kind: PropFlag, Default: "false",
			Reason: "a system property without prefix; alone, it lets isro be asked, no more",
			into:   func(c *Config) any { return &c.Features.ReadOnlyMode }},
		{Property: "znode.container.checkIntervalMs", Kind: PropNumber, Unit: Millis,
			Default: "60000",
			Reason:  "a system property without prefix: zoo.cfg cannot set it",
			into:    func(c *Config) any { return &c.Features.Containers.CheckInterval }},
		{Property: "znode.container.maxPerMinute", Kind: PropNumber, Default: "10000",
			Reason: "a system property without prefix: zoo.cfg cannot set it",
			into:   func(c *Config) any { return &c.Features.Containers.MaxPerMinute }},
		{Property: "znode.container.maxNeverUsedIntervalMs", Kind: PropLong, Unit: Millis,
			Default: "0",
			Reason:  "a system property without prefix: zoo.cfg cannot set it",
			into:    func(c *Config) any { return &c.Features.Containers.MaxNeverUsed }},
		{Name: "quoll.maxWatches", Kind: Long, Default: "100000000",
			into: func(c *Config) any { return &c.Features.MaxWatches }},
		{Name: "quoll.watchBytes", Kind: Long, Unit: Bytes, Default: "67108864",
			Reason: "a connection that watches longer paths in all is closed",
			into:   func(c *Config) any { return &c.Features.WatchBytes }},
		{Name: "quoll.watchTotalBytes", Kind: Long, Unit: Bytes, Default: "0",
			Reason: "0 is a quarter of the memory; who goes beyond it is closed",
			into:   func(c *Config) any { return &c.Features.WatchTotalBytes }},
		{Name: "quoll.maxMultiOps", Kind: Long, Default: "1000000",
			into: func(c *Config) any { return &c.Features.MaxMultiOps }},

		warned("maxResponseCacheSize", PropNumber, None, "400",
			"replies are encoded straight from the tree; there is no cache"),
		warned("maxGetChildrenResponseCacheSize", PropNumber, None, "400",
			"replies are encoded straight from the tree; there is no cache"),
		warned("watchManagerName", Text, None, "", "names a Java class"),
		warned("watcherCleanThreadsNum", PropNumber, None, "2",
			"watches die with their connection"),
		warned("watcherCleanThreshold", PropNumber, None, "1000",
			"watches die with their connection"),
		warned("watcherCleanIntervalInSeconds", PropNumber, Seconds, "600",
			"watches die with their connection"),
		warned("maxInProcessingDeadWatchers", PropNumber, None, "-1",
			"watches die with their connection"),
		warned("bitHashCacheSize", PropNumber, None, "10", "watches die with their connection"),
	}
}

func observabilityKeys() []Key {
	return append([]Key{
		prop(Key{Name: "4lw.commands.whitelist", Kind: List, Reason: "srvr is always answered",
			into: func(c *Config) any { return &c.Observability.FourLetterWords }}),
		prop(Key{Name: "audit.enable", Kind: PropFlag, Default: "false",
			into: func(c *Config) any { return &c.Observability.Audit }}),
		{Name: "quoll.auditFile", Reason: "the log unless set",
			into: func(c *Config) any { return &c.Observability.AuditFile }},
		{Name: "quoll.logLevel", Default: "info", Reason: "debug, info, warn or error",
			into: func(c *Config) any { return &c.Observability.LogLevel }},
		{Name: "quoll.logFormat", Default: "console", Reason: "console or json",
			into: func(c *Config) any { return &c.Observability.LogFormat }},
		{Name: "quoll.logSessions", Default: "debug",
			Reason: "debug or info: the level of lines about sessions that begin or go on",
			into:   func(c *Config) any { return &c.Observability.LogSessions }},
		warned("audit.impl.class", Text, None, "", "names a Java class; see quoll.auditFile"),
		native(warned("metricsProvider.className", Text, None,
			"org.apache.zookeeper.metrics.impl.DefaultMetricsProvider", noProvider)),
		native(warned("metricsProvider.*", Text, None, "", noProvider)),
		warned("messageTracker.Enabled", PropFlag, None, "false", noTracker),
		warned("messageTracker.BufferSize", PropNumber, None, "10", noTracker),
		warned("jmx.log4j.disable", PropFlag, None, "false", "there is no JMX"),
		warned("jmx.log4j.mbean", Text, None, "log4j:hierarchy=default", "there is no JMX"),
		native(warned("jvm.pause.monitor", Flag, None, "false", "there is no JVM to watch")),
		native(warned("jvm.pause.warn-threshold.ms", Number, Millis, "10000",
			"there is no JVM to watch")),
		native(warned("jvm.pause.info-threshold.ms", Number, Millis, "1000",
			"there is no JVM to watch")),
		native(warned("jvm.pause.sleep.time.ms", Number, Millis, "500",
			"there is no JVM to watch")),
	}, pathStatsKeys()...)
}

func pathStatsKeys() []Key {
	const later = "requests are not counted by path"
	return []Key{
		warned("pathStats.enabled", PropFlag, None, "false", later),
		warned("pathStats.slotCapacity", PropNumber, None, "60", later),
		warned("pathStats.slotDuration", PropNumber, Seconds, "15", later),
		warned("pathStats.maxDepth", PropNumber, None, "6", later),
		warned("pathStats.sampleRate", Text, None, "0.1", later),
		warned("pathStats.initialDelay", PropLong, None, "5", later),
		warned("pathStats.delay", PropLong, None, "5", later),
		warned("pathStats.topPathMax", PropNumber, None, "20", later),
	}
}

// adminKeys returns the keys of the AdminServer, which is on by default in Apache.
// The README says that Quoll has none, so its default gets no warning. A setting
// that asks for it does.
func adminKeys() []Key {
	return []Key{
		warned("admin.enableServer", PropNotFalse, None, "false", noAdmin),
		warned("admin.serverAddress", Text, None, "0.0.0.0", noAdmin),
		warned("admin.serverPort", PropNumber, None, "8080", noAdmin),
		warned("admin.idleTimeout", PropNumber, Millis, "30000", noAdmin),
		warned("admin.commandURL", Text, None, "/commands", noAdmin),
		warned("admin.httpVersion", PropNumber, None, "11", noAdmin),
		warned("admin.portUnification", PropFlag, None, "false", noAdmin),
		warned("admin.forceHttps", PropFlag, None, "false", noAdmin),
		warned("admin.needClientAuth", PropFlag, None, "false", noAdmin),
		warned("admin.rateLimiterIntervalInMS", PropNumber, Millis, "300000", noAdmin),
		warned("admin.snapshot.enabled", PropFlagOn, None, "true", noAdmin),
		warned("admin.restore.enabled", PropFlagOn, None, "true", noAdmin),
	}
}
