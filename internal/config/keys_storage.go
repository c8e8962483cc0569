package config

import "strconv"

func storageKeys() []Key {
	return []Key{
		{Name: "dataDir", into: func(c *Config) any { return &c.Storage.DataDir }},
		{Name: "dataLogDir", into: func(c *Config) any { return &c.Storage.DataLogDir }},
		prop(Key{Name: "snapCount", Kind: PropNumber, Default: "100000",
			into: func(c *Config) any { return &c.Storage.SnapCount }}),
		prop(Key{Name: "snapSizeLimitInKb", Kind: PropLong, Unit: KiB, Default: "4194304",
			into: func(c *Config) any { return &c.Storage.SnapSizeLimitBytes }}),
		prop(Key{Name: "txnLogSizeLimitInKb", Kind: PropLong, Unit: KiB, Default: "-1",
			into: func(c *Config) any { return &c.Storage.LogSizeLimitBytes }}),
		prop(Key{Name: "preAllocSize", Kind: PropLong, Unit: KiB, Default: "65536",
			into: func(c *Config) any { return &c.Storage.PreAllocBytes }}),
		prop(Key{Name: "forceSync", Kind: PropNotNo, Default: "yes",
			into: func(c *Config) any { return &c.Storage.ForceSync }}),
		prop(Key{Name: "fsync.warningthresholdms", Alias: "fsync.warningthresholdms",
			Kind: PropLong, Unit: Millis, Default: "1000",
			into: func(c *Config) any { return &c.Storage.FsyncWarning }}),
		prop(Key{Name: "flushDelay", Kind: PropLong, Unit: Millis, Default: "0",
			into: func(c *Config) any { return &c.Storage.FlushDelay }}),
		prop(Key{Name: "maxWriteQueuePollTime", Kind: PropLong, Unit: Millis,
			Reason: "a third of flushDelay unless set",
			into:   func(c *Config) any { return &c.Storage.MaxQueuePoll }}),
		prop(Key{Name: "maxBatchSize", Kind: PropNumber, Default: "1000",
			into: func(c *Config) any { return &c.Storage.MaxBatchSize }}),
		prop(Key{Name: "snapshot.compression.method", Reason: "gz or nothing",
			into: func(c *Config) any { return &c.Storage.SnapshotCompression }}),
		prop(Key{Name: "snapshot.trust.empty", Kind: PropFlag, Default: "false",
			into: func(c *Config) any { return &c.Storage.TrustEmptySnapshot }}),
		prop(Key{Name: "datadir.autocreate", Kind: PropFlagOn, Default: "true",
			into: func(c *Config) any { return &c.Storage.AutoCreateDirs }}),
		prop(Key{Name: "db.autocreate", Kind: PropFlagOn, Default: "true",
			into: func(c *Config) any { return &c.Storage.AutoCreateDB }}),
		prop(Key{Name: "serializeLastProcessedZxid.enabled", Kind: PropFlagOn, Default: "true",
			into: func(c *Config) any { return &c.Storage.LastZxidInSnapshot }}),
		{Name: "autopurge.snapRetainCount", Kind: Number, Default: "3",
			into: func(c *Config) any { return &c.Storage.Purge.SnapRetainCount }},
		{Name: "autopurge.purgeInterval", Kind: Number, Unit: Hours, Default: "0",
			into: func(c *Config) any { return &c.Storage.Purge.Interval }},
		{Name: "quoll.watermark", Default: "lag",
			Reason: "lag or strict: strict costs a second flush a batch",
			into:   func(c *Config) any { return &c.Storage.Watermark }},
		{Name: "quoll.lock", Default: "auto",
			Reason: "auto, required or off: auto starts with a warning where there are no locks",
			into:   func(c *Config) any { return &c.Storage.Lock }},
		{Name: "quoll.lockWaitMillis", Kind: Long, Unit: Millis, Default: "10000",
			Reason: "how long a start waits for another server that uses the directory",
			into:   func(c *Config) any { return &c.Storage.LockWait }},

		idle("commitLogCount", PropNumber, None, "500"),
		idle("snapshotSizeFactor", Text, None, "0.33"),
		warned("test.allowDiscontinuousProposals", PropFlag, None, "false",
			"a switch of Apache's own tests"),
		warned("testingonly.initialZxid", PropLong, None, "", "a switch of Apache's own tests"),
	}
}

func sessionKeys() []Key {
	return []Key{
		{Name: "tickTime", Kind: Number, Unit: Millis, Default: "3000",
			into: func(c *Config) any { return &c.Sessions.TickTime }},
		{Name: "minSessionTimeout", Kind: Number, Unit: Millis, Default: "-1",
			Reason: "-1 is 2 ticks",
			into:   func(c *Config) any { return &c.Sessions.MinTimeout }},
		{Name: "maxSessionTimeout", Kind: Number, Unit: Millis, Default: "-1",
			Reason: "-1 is 20 ticks",
			into:   func(c *Config) any { return &c.Sessions.MaxTimeout }},
		{Name: "quoll.maxSessions", Kind: Long, Default: strconv.Itoa(DefaultMaxSessions),
			into: func(c *Config) any { return &c.Sessions.MaxCount }},
	}
}
