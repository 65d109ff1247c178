package dev.cistern.control.resource;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What names of endpoints are made of. */
final class EndpointNamesTest {

    @ParameterizedTest
    @CsvSource({"us-east-1,use1", "us-west-2,usw2", "eu-central-1,euc1", "ap-southeast-2,apse2", "ap-northeast-1,apne1",
            "us-gov-west-1,usgw1", "sa-east-1,sae1"})
    void aRegionInShort(String region, String code) {
        assertThat(EndpointNames.shortRegion(region)).isEqualTo(code);
    }
}
