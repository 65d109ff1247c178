package dev.cistern.gateway.ec2;

import dev.cistern.control.Caller;
import dev.cistern.control.NetworkFault;
import dev.cistern.control.NetworkService;
import dev.cistern.control.operation.SecurityGroupOperations;
import dev.cistern.control.resource.Network;
import dev.cistern.control.resource.SecurityGroup;
import dev.cistern.control.resource.SecurityRule;
import dev.cistern.gateway.wire.Defect;
import dev.cistern.gateway.wire.FormParameters;
import dev.cistern.gateway.wire.WireFault;
import dev.cistern.gateway.wire.WireService;
import dev.cistern.gateway.wire.XmlText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** EC2 as far as it is here: one method for each action. Safe for many threads. */
public final class Ec2Service implements WireService {

    private static final Logger LOG = LoggerFactory.getLogger(Ec2Service.class);
    private static final String NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/";
    private static final String VERSION = "2016-11-15";
    private static final String TAG_FILTER = "tag:";
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;

    /** What EC2 calls it when a caller is not believed, whatever the reason. */
    private static final Set<String> NOT_BELIEVED = Set.of("InvalidClientTokenId", "SignatureDoesNotMatch",
            "IncompleteSignature", "MissingAuthenticationToken");

    private final Function<Caller, NetworkService> networks;
    private final SortedMap<String, BiConsumer<Call, XmlText>> actions = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    /** One call of one action. */
    private record Call(NetworkService service, Ec2Parameters parameters, Ec2Shapes shapes) {

        @Nullable
        String group() {
            return parameters.get("GroupId");
        }

        @Nullable
        String groupName() {
            return parameters.get("GroupName");
        }
    }

    public Ec2Service(Function<Caller, NetworkService> networks) {
        this.networks = networks;
        actions.put("DescribeVpcs", Ec2Service::describeVpcs);
        actions.put("DescribeSubnets", Ec2Service::describeSubnets);
        actions.put("DescribeAvailabilityZones", Ec2Service::describeZones);
        actions.put("DescribeNetworkInterfaces", (call, xml) -> xml.empty("networkInterfaceSet"));
        actions.put("DescribeSecurityGroups", Ec2Service::describeGroups);
        actions.put("DescribeSecurityGroupRules", Ec2Service::describeRules);
        actions.put("CreateSecurityGroup", Ec2Service::createGroup);
        actions.put("DeleteSecurityGroup", Ec2Service::deleteGroup);
        actions.put("AuthorizeSecurityGroupIngress", (call, xml) -> authorize(call, xml, false));
        actions.put("AuthorizeSecurityGroupEgress", (call, xml) -> authorize(call, xml, true));
        actions.put("RevokeSecurityGroupIngress", (call, xml) -> revoke(call, xml, false));
        actions.put("RevokeSecurityGroupEgress", (call, xml) -> revoke(call, xml, true));
        actions.put("CreateTags", Ec2Service::createTags);
        actions.put("DeleteTags", Ec2Service::deleteTags);
    }

    @Override
    public String name() {
        return "ec2";
    }

    @Override
    public String version() {
        return VERSION;
    }

    @Override
    public String actionNamed(String said) {
        return actions.containsKey(said) ? actions.tailMap(said).firstKey() : said;
    }

    @Override
    public Answer answer(FormParameters parameters, Caller caller, String requestId) {
        String action = actionNamed(parameters.get("Action") == null ? "" : String.valueOf(parameters.get("Action")));
        try {
            BiConsumer<Call, XmlText> body = actions.get(action);
            if (body == null || !VERSION.equals(parameters.get("Version"))) {
                throw new NetworkFault("InvalidAction", "The action " + action + " is not valid for this web service.");
            }
            NetworkService service = networks.apply(caller);
            XmlText xml = new XmlText();
            xml.open(action + "Response", NAMESPACE).leaf("requestId", requestId);
            body.accept(new Call(service, new Ec2Parameters(parameters), new Ec2Shapes(caller, service.network())),
                    xml);
            return new Answer(OK, xml.close(action + "Response").text(), "");
        } catch (NetworkFault fault) {
            return fault(fault.code(), BAD_REQUEST, fault.getMessage(), requestId);
        } catch (RuntimeException defect) {
            LOG.error("Request {} ({}) failed: {}", requestId, action, Defect.describe(defect));
            LOG.debug("Request {} in full", requestId, defect);
            return answer(WireFault.internalFailure(), requestId);
        }
    }

    @Override
    public Answer answer(WireFault fault, String requestId) {
        if (NOT_BELIEVED.contains(fault.code())) {
            return fault("AuthFailure", UNAUTHORIZED,
                    "AWS was not able to validate the provided access credentials", requestId);
        }
        return fault.code().equals("AccessDenied")
                ? fault("UnauthorizedOperation", fault.status(),
                        "You are not authorized to perform this operation. " + fault.getMessage(), requestId)
                : fault(fault.code(), fault.status(), fault.getMessage(), requestId);
    }

    private static Answer fault(String code, int status, String message, String requestId) {
        XmlText xml = new XmlText();
        xml.open("Response").open("Errors").open("Error").leaf("Code", code).leaf("Message", message).close("Error")
                .close("Errors").leaf("RequestID", requestId).close("Response");
        return new Answer(status, xml.text(), code);
    }

    // --- what is given ---

    private static void describeVpcs(Call call, XmlText xml) {
        Network network = call.service().network();
        requireKnown(call.parameters().list("VpcId"), List.of(network.vpcId()), "InvalidVpcID.NotFound", "vpc ID");
        xml.open("vpcSet");
        if (fits(call, call.shapes().vpcWords(), Map.of())) {
            call.shapes().vpc(xml);
        }
        xml.close("vpcSet");
    }

    private static void describeSubnets(Call call, XmlText xml) {
        List<Network.Subnet> all = call.service().network().subnets();
        List<String> wanted = call.parameters().list("SubnetId");
        requireKnown(wanted, all.stream().map(Network.Subnet::subnetId).toList(), "InvalidSubnetID.NotFound",
                "subnet ID");
        xml.open("subnetSet");
        all.stream().filter(subnet -> wanted.isEmpty() || wanted.contains(subnet.subnetId()))
                .filter(subnet -> fits(call, call.shapes().subnetWords(subnet), Map.of()))
                .forEach(subnet -> call.shapes().subnet(xml, subnet));
        xml.close("subnetSet");
    }

    private static void describeZones(Call call, XmlText xml) {
        List<String> wanted = call.parameters().list("ZoneName");
        xml.open("availabilityZoneInfo");
        call.service().network().subnets().stream()
                .filter(subnet -> wanted.isEmpty() || wanted.contains(subnet.zone()))
                .filter(subnet -> fits(call, call.shapes().zoneWords(subnet), Map.of()))
                .forEach(subnet -> call.shapes().zone(xml, subnet));
        xml.close("availabilityZoneInfo");
    }

    // --- security groups ---

    private static void describeGroups(Call call, XmlText xml) {
        List<String> ids = call.parameters().list("GroupId");
        List<String> names = call.parameters().list("GroupName");
        xml.open("securityGroupInfo");
        call.service().read(groups -> {
            List<SecurityGroup> all = groups.all();
            requireKnown(ids, all.stream().map(SecurityGroup::id).toList(), "InvalidGroup.NotFound", "security group");
            requireKnown(names, all.stream().map(SecurityGroup::groupName).toList(), "InvalidGroup.NotFound",
                    "security group");
            all.stream().filter(group -> ids.isEmpty() || ids.contains(group.id()))
                    .filter(group -> names.isEmpty() || names.contains(group.groupName()))
                    .filter(group -> fits(call, call.shapes().groupWords(group), groups.tags(group.id())))
                    .forEach(group -> call.shapes().group(xml, group, groups.rules(group), groups.tags(group.id())));
            return xml;
        });
        xml.close("securityGroupInfo");
    }

    private static void describeRules(Call call, XmlText xml) {
        List<String> ids = call.parameters().list("SecurityGroupRuleId");
        xml.open("securityGroupRuleSet");
        call.service().read(groups -> {
            List<SecurityRule> all = groups.all().stream().flatMap(group -> groups.rules(group).stream()).toList();
            requireKnown(ids, all.stream().map(SecurityRule::id).toList(), "InvalidSecurityGroupRuleId.NotFound",
                    "security group rule ID");
            all.stream().filter(rule -> ids.isEmpty() || ids.contains(rule.id()))
                    .filter(rule -> fits(call, Map.of("group-id", rule.groupId(), "security-group-rule-id", rule.id()),
                            groups.tags(rule.id())))
                    .forEach(rule -> call.shapes().rule(xml, rule, groups.tags(rule.id())));
            return xml;
        });
        xml.close("securityGroupRuleSet");
    }

    private static void createGroup(Call call, XmlText xml) {
        Map<String, String> tags = call.parameters().tagsOfNew();
        SecurityGroup group = call.service().change(groups -> groups.create(call.parameters().required("GroupName"),
                call.parameters().required("GroupDescription"), call.parameters().get("VpcId"), tags));
        done(xml).leaf("groupId", group.id()).leaf("securityGroupArn", group.arn());
        Ec2Shapes.tags(xml, tags);
    }

    private static void deleteGroup(Call call, XmlText xml) {
        change(call, groups -> groups.delete(call.group(), call.groupName()));
        done(xml).leaf("groupId", String.valueOf(call.group()));
    }

    private static void authorize(Call call, XmlText xml, boolean egress) {
        Map<String, String> tags = call.parameters().tagsOfNew();
        List<SecurityRule> rules = call.service().change(groups -> groups.authorize(call.group(), call.groupName(),
                egress, call.parameters().wishes(), tags));
        done(xml).open("securityGroupRuleSet");
        rules.forEach(rule -> call.shapes().rule(xml, rule, tags));
        xml.close("securityGroupRuleSet");
    }

    private static void revoke(Call call, XmlText xml, boolean egress) {
        change(call, groups -> groups.revoke(call.group(), call.groupName(), egress, call.parameters().wishes(),
                call.parameters().list("SecurityGroupRuleId")));
        done(xml);
    }

    private static void createTags(Call call, XmlText xml) {
        change(call, groups -> groups.tag(call.parameters().list("ResourceId"), call.parameters().tags("Tag")));
        done(xml);
    }

    private static void deleteTags(Call call, XmlText xml) {
        change(call, groups -> groups.untag(call.parameters().list("ResourceId"),
                List.copyOf(call.parameters().tags("Tag").keySet())));
        done(xml);
    }

    private static void change(Call call, Consumer<SecurityGroupOperations> work) {
        call.service().change(groups -> {
            work.accept(groups);
            return groups;
        });
    }

    private static XmlText done(XmlText xml) {
        return xml.leaf("return", "true");
    }

    // --- which ones ---

    private static void requireKnown(List<String> wanted, List<String> known, String code, String what) {
        for (String id : wanted) {
            if (!known.contains(id)) {
                throw new NetworkFault(code, "The " + what + " '" + id + "' does not exist");
            }
        }
    }

    /** Whether every filter has a value that fits, where * and ? stand for any letters and any letter. */
    private static boolean fits(Call call, Map<String, String> words, Map<String, String> tags) {
        Map<String, String> all = new LinkedHashMap<>(words);
        tags.forEach((key, value) -> all.put(TAG_FILTER + key, value));
        for (Map.Entry<String, List<String>> filter : call.parameters().filters().entrySet()) {
            String name = filter.getKey();
            boolean isTag = name.startsWith(TAG_FILTER) || name.equals("tag-key");
            if (!isTag && !words.containsKey(name)) {
                throw new NetworkFault("InvalidParameterValue", "The filter '" + name + "' is invalid");
            }
            boolean found = name.equals("tag-key")
                    ? tags.keySet().stream().anyMatch(key -> matches(key, filter.getValue()))
                    : all.containsKey(name) && matches(all.get(name), filter.getValue());
            if (!found) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(String word, List<String> patterns) {
        return patterns.stream().anyMatch(pattern -> Pattern.matches(
                Pattern.quote(pattern).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q"), word));
    }
}
