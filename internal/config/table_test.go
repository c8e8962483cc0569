package config

import (
	"strings"
	"testing"
)

// The system properties that the server of ZooKeeper 3.9.5 reads.
const apacheProperties = `
4lw.commands.whitelist DigestAuthenticationProvider.digestAlg
DigestAuthenticationProvider.enabled DigestAuthenticationProvider.superDigest
IPAuthenticationProvider.usexforwardedfor SASLAuthenticationProvider.superPassword
X509AuthenticationProvider.superUser admin.commandURL admin.enableServer admin.forceHttps
admin.httpVersion admin.idleTimeout admin.needClientAuth admin.portUnification
admin.rateLimiterIntervalInMS admin.restore.enabled admin.serverAddress admin.serverPort
admin.snapshot.enabled allowSaslFailedClients audit.enable audit.impl.class bitHashCacheSize
client.certReload client.portUnification clientTcpKeepAlive closeSessionTxn.enabled cnxTimeout
commitLogCount commitProcessor.maxCommitBatchSize commitProcessor.maxReadBatchSize
commitProcessor.numWorkerThreads commitProcessor.shutdownTimeout
connection_throttle_decrease_ratio connection_throttle_drop_decrease
connection_throttle_drop_increase connection_throttle_fill_count connection_throttle_fill_time
connection_throttle_freeze_time connection_throttle_global_session_weight
connection_throttle_local_session_weight connection_throttle_renew_session_weight
connection_throttle_tokens connection_throttle_weight_enabled datadir.autocreate db.autocreate
digest.enabled electionPortBindRetry emulate353TTLNodes enableEagerACLCheck enforce.auth.enabled
enforce.auth.schemes enforceQuota ensembleAuthName extendedTypesEnabled
fastleader.maxNotificationInterval fastleader.minNotificationInterval fips-mode flushDelay
follower.skipLearnerRequestToNextProcessor forceSnapshotSync forceSync
forward_learner_requests_to_commit_processor_disabled fsync.warningthresholdms
globalOutstandingLimit intBufferStartingSizeBytes jmx.log4j.disable jmx.log4j.mbean
jute.maxbuffer.extrasize kerberos.canonicalizeHostNames kerberos.minReLoginTimeMs
kerberos.removeHostFromPrincipal kerberos.removeRealmFromPrincipal kinit largeRequestMaxBytes
largeRequestThreshold leader.ackLoggingFrequency leader.closeSocketAsync
leader.maxConcurrentDiffSyncs leader.maxConcurrentSnapSyncs leader.maxTimeToWaitForEpoch
leaderConnectDelayDuringRetryMs leaderServes learner.asyncSending learner.closeSocketAsync
letAnySaslUserDoX maxBatchSize maxCnxns maxGetChildrenResponseCacheSize
maxInProcessingDeadWatchers maxResponseCacheSize maxWriteQueuePollTime messageTracker.BufferSize
messageTracker.Enabled multiAddress.enabled multiAddress.reachabilityCheckEnabled
multiAddress.reachabilityCheckTimeoutMs netty.advancedFlowControl.enabled
netty.server.earlyDropSecureConnectionHandshakes netty.server.outstandingHandshake.limit
nio.directBufferBytes nio.numSelectorThreads nio.numWorkerThreads nio.sessionlessCnxnTimeout
nio.shutdownTimeout observer.election.DelayMs observer.reconnectDelayMs observer.syncEnabled
observerMaster.sizeLimit pathStats.delay pathStats.enabled pathStats.initialDelay
pathStats.maxDepth pathStats.sampleRate pathStats.slotCapacity pathStats.slotDuration
pathStats.topPathMax preAllocSize quorumCnxnTimeoutMs request_stale_connection_check
request_stale_latency_check request_throttle_drop_stale request_throttle_max_requests
request_throttle_stall_time request_throttler.shutdownTimeout requireKerberosConfig
sasl.serverconfig security.auth_to_local serializeLastProcessedZxid.enabled server.principal
server.realm serverCnxnFactory sessionRequireClientSASLAuth skipACL snapCount snapSizeLimitInKb
snapshot.compression.method snapshot.trust.empty snapshotSizeFactor tcpKeepAlive
test.allowDiscontinuousProposals testingonly.initialZxid throttled_op_wait_time
txnLogSizeLimitInKb watchManagerName watcherCleanIntervalInSeconds watcherCleanThreadsNum
watcherCleanThreshold superUser superUser.alice authProvider.1 ssl.crl ssl.ocsp ssl.authProvider
ssl.sslProvider ssl.keyStore.location ssl.keyStore.password ssl.keyStore.passwordPath
ssl.keyStore.type ssl.trustStore.location ssl.quorum.trustStore.passwordPath ssl.protocol
ssl.enabledProtocols ssl.ciphersuites ssl.context.supplier.class ssl.hostnameVerification
ssl.clientHostnameVerification ssl.allowReverseDnsLookup ssl.quorum.clientAuth
ssl.quorum.handshakeDetectionTimeoutMillis`

// The keys that Apache reads from zoo.cfg itself.
const apacheKeys = `dataDir dataLogDir clientPort localSessionsEnabled
localSessionsUpgradingEnabled clientPortAddress secureClientPort secureClientPortAddress
observerMasterPort clientPortListenBacklog tickTime maxClientCnxns minSessionTimeout
maxSessionTimeout initLimit syncLimit connectToLearnerMasterLimit electionAlg
quorumListenOnAllIPs peerType syncEnabled dynamicConfigFile autopurge.snapRetainCount
autopurge.purgeInterval standaloneEnabled reconfigEnabled sslQuorum portUnification
sslQuorumReloadCertFiles quorum.auth.enableSasl quorum.auth.serverRequireSasl
quorum.auth.learnerRequireSasl quorum.auth.learner.saslLoginContext
quorum.auth.server.saslLoginContext quorum.auth.kerberos.servicePrincipal
quorum.cnxn.threads.size jvm.pause.info-threshold.ms jvm.pause.warn-threshold.ms
jvm.pause.sleep.time.ms jvm.pause.monitor metricsProvider.className metricsProvider.httpPort
multiAddress.enabled multiAddress.reachabilityCheckTimeoutMs
multiAddress.reachabilityCheckEnabled oraclePath server.1 group.1 weight.1 version`

func TestEverySettingOfApacheIsKnown(t *testing.T) {
	s := newSettings()
	for _, name := range strings.Fields(apacheProperties) {
		k, _ := s.property(prefix + name)
		isTrue(t, k != nil, name)
	}
	for _, name := range strings.Fields(apacheKeys) {
		isTrue(t, s.named(name) != nil, name)
	}
}

func TestTheTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	c := mustLoad(t, "")
	for _, k := range Keys() {
		id := k.ID()
		notEmpty(t, id)
		isFalse(t, seen[id], id, "is described twice")
		seen[id] = true
		isTrue(t, k.Verdict == Honoured || k.Reason != "", id, "lacks a reason")
		value, note, err := k.read(k.Default)
		if k.Default != "" {
			noError(t, err, id)
			isEmpty(t, note, id)
		}
		if k.into == nil {
			continue
		}
		noError(t, k.put(c, value), id)
		if k.Default == "" {
			continue
		}
		shown, _, err := k.read(k.show(c))
		noError(t, err, id)
		equal(t, value, shown, id, "what is shown reads as what was put")
	}
	isTrue(t, len(seen) > 200)
}

// A value that differs from the default reaches its field, and no two keys have the same field.
func TestEveryFieldHasItsKey(t *testing.T) {
	for _, k := range Keys() {
		if k.into == nil {
			continue
		}
		value := "7"
		switch k.into(&Config{}).(type) {
		case *bool:
			value = map[bool]string{true: "false", false: "true"}[k.preset() == "true"]
		}
		c := mustLoad(t, "")
		noError(t, k.put(c, value))
		for _, other := range Keys() {
			if other.into != nil && other.ID() != k.ID() {
				isTrue(t, k.into(c) != other.into(c), k.ID(), other.ID())
			}
		}
		notEmpty(t, k.show(c), k.ID())
	}
}
