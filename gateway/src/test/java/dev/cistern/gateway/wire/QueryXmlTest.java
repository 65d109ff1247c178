package dev.cistern.gateway.wire;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.elasticache.model.CacheCluster;
import software.amazon.awssdk.services.elasticache.model.CacheNode;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheSubnetGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheClustersResponse;

import static org.assertj.core.api.Assertions.assertThat;

/** The exact bytes of an answer, where a client that compares text would notice. */
final class QueryXmlTest {

    private static final String NAMESPACE = "http://elasticache.amazonaws.com/doc/2015-02-02/";

    @Test
    void anAnswerIsSpelledAsAwsSpellsIt() {
        var response = DescribeCacheClustersResponse.builder()
                .cacheClusters(List.of(CacheCluster.builder()
                        .cacheClusterId("a<b")
                        .numCacheNodes(1)
                        .cacheClusterCreateTime(Instant.parse("2026-11-21T10:00:00Z"))
                        .cacheNodes(CacheNode.builder().cacheNodeId("0001").build())
                        .securityGroups(List.of())
                        .authTokenEnabled(false)
                        .build()))
                .build();
        assertThat(QueryXml.response("DescribeCacheClusters", NAMESPACE, response, "id-1")).isEqualTo(
                "<DescribeCacheClustersResponse xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\">"
                        + "<DescribeCacheClustersResult><CacheClusters><CacheCluster><CacheClusterId>a&lt;b</CacheClusterId>"
                        + "<NumCacheNodes>1</NumCacheNodes>"
                        + "<CacheClusterCreateTime>2026-11-21T10:00:00.000Z</CacheClusterCreateTime>"
                        + "<CacheNodes><CacheNode><CacheNodeId>0001</CacheNodeId></CacheNode></CacheNodes><SecurityGroups/>"
                        + "<AuthTokenEnabled>false</AuthTokenEnabled></CacheCluster></CacheClusters>"
                        + "</DescribeCacheClustersResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>"
                        + "</DescribeCacheClustersResponse>");
    }

    @Test
    void anOperationWithoutOutputHasNoResult() {
        var response = DeleteCacheSubnetGroupResponse.builder().build();
        assertThat(QueryXml.response("DeleteCacheSubnetGroup", NAMESPACE, response, "id"))
                .endsWith(
                        "2015-02-02/\"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DeleteCacheSubnetGroupResponse>");
    }

    @Test
    void aFaultIsSpelledAsAwsSpellsIt() {
        assertThat(QueryXml.fault(NAMESPACE, new WireFault("CacheClusterNotFound", 404, "a & b"), "id"))
                .isEqualTo(
                        "<ErrorResponse xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\"><Error><Type>Sender</Type>"
                                + "<Code>CacheClusterNotFound</Code><Message>a &amp; b</Message></Error><RequestId>id</RequestId>"
                                + "</ErrorResponse>");
        assertThat(QueryXml.fault(NAMESPACE, WireFault.internalFailure(), "id")).contains("<Type>Receiver</Type>");
    }

    @Test
    void whatXmlCannotCarryIsReplaced() {
        assertThat(new XmlText().leaf("a", "\0\u0007\uD800x\uFFFF\r\n\t🚰").text())
                .isEqualTo("<a>\uFFFD\uFFFD\uFFFDx\uFFFD&#xD;\n\t🚰</a>");
    }
}
