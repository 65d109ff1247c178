package dev.cistern.control.operation;

import software.amazon.awssdk.awscore.exception.AwsServiceException;

/**
 * Cache security groups: what there was before VPCs. AWS answers each action on them that an account of today may not use
 * them, and so do we; who may connect is the business of VPC security groups.
 */
public final class ClassicOperations {

    private ClassicOperations() {}

    /** AWS's answer to every such action. */
    public static AwsServiceException refusal() {
        return Faults.invalidParameterValue(
                "Use of cache security groups is not permitted in this API version for your account.");
    }
}
