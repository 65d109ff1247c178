/**
 * The small part of EC2's API that says where caches lie and who may connect to them: subnets, and security groups.
 *
 * <p>EC2 has a query protocol of its own: lists are flattened, answers have no result element, faults have another form. Its
 * SDK module weighs more than all of Cistern, so requests are read and answers written by hand; what the actions do is
 * {@link dev.cistern.control.NetworkService}'s business.
 */
@NullMarked
package dev.cistern.gateway.ec2;

import org.jspecify.annotations.NullMarked;
