package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.Parameter;
import dev.cistern.control.resource.ParameterFamily;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.ParameterValue;
import dev.cistern.control.resource.ResourceKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CacheNodeTypeSpecificParameter;
import software.amazon.awssdk.services.elasticache.model.CacheNodeTypeSpecificValue;
import software.amazon.awssdk.services.elasticache.model.CacheParameterGroup;
import software.amazon.awssdk.services.elasticache.model.ChangeType;
import software.amazon.awssdk.services.elasticache.model.CreateCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateCacheParameterGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheParameterGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParameterGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParameterGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParametersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheParametersResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeEngineDefaultParametersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeEngineDefaultParametersResponse;
import software.amazon.awssdk.services.elasticache.model.EngineDefaults;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheParameterGroupResponse;
import software.amazon.awssdk.services.elasticache.model.ParameterNameValue;
import software.amazon.awssdk.services.elasticache.model.ResetCacheParameterGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ResetCacheParameterGroupResponse;

/** Actions on cache parameter groups. What changes is told to the running nodes of every cluster that has the group. */
public record ParameterGroupOperations(Context context) {

    private static final String NAME_PARAMETER = "CacheParameterGroupName";
    private static final int MAX_NAME = 255;
    private static final int MAX_CHANGES = 20;

    /** Where a value comes from, in AWS's words. AWS calls what nobody changed "system" and nothing "engine-default". */
    private static final String USER = "user";
    private static final String SYSTEM = "system";
    private static final Set<String> SOURCES = Set.of(USER, SYSTEM, "engine-default");

    /** AWS lists this one and lets it be set, but says so when it is to be reset; Terraform reckons with that. */
    private static final String NEVER_RESET = "reserved-memory";

    public CreateCacheParameterGroupResponse create(CreateCacheParameterGroupRequest request) {
        String name = Checks.identifier(NAME_PARAMETER, request.cacheParameterGroupName(), MAX_NAME);
        ParameterFamily family = family(request.cacheParameterGroupFamily());
        String description = Checks.description("Description", request.description());
        ResourceKey key = context.key(name);
        if (ParameterGroup.find(context.handle(), key) != null) {
            throw Faults.parameterGroupAlreadyExists(name);
        }
        Checks.quota(ParameterGroup.TABLE, context, context.options().quotas().parameterGroups(),
                Faults::parameterGroupQuotaExceeded);
        ParameterGroup group = new ParameterGroup(key, 0, family.name(), description);
        ParameterGroup.TABLE.insert(context.handle(), group);
        Tags.put(context, group.arn(), request.tags());
        return CreateCacheParameterGroupResponse.builder().cacheParameterGroup(described(group)).build();
    }

    /** One group, or all by name: the default ones and the caller's own. */
    public DescribeCacheParameterGroupsResponse describe(DescribeCacheParameterGroupsRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        List<ParameterGroup> rows = request.cacheParameterGroupName() == null
                ? after(page)
                : List.of(ParameterGroups.require(context, request.cacheParameterGroupName()));
        return DescribeCacheParameterGroupsResponse.builder()
                .cacheParameterGroups(page.cut(rows).stream().map(this::described).toList())
                .marker(page.next(rows, ParameterGroup::id))
                .build();
    }

    /** Changes at most 20 values. */
    public ModifyCacheParameterGroupResponse modify(ModifyCacheParameterGroupRequest request) {
        ParameterGroup group = requireOwn(request.cacheParameterGroupName());
        Map<String, String> wanted = new TreeMap<>();
        for (ParameterNameValue pair : changes(request.parameterNameValues())) {
            Parameter parameter = modifiable(group, pair.parameterName());
            wanted.put(parameter.name(), allowed(parameter, pair.parameterValue()));
        }
        change(group, wanted);
        return ModifyCacheParameterGroupResponse.builder().cacheParameterGroupName(group.id()).build();
    }

    /** Gives some values, or all, their defaults again. */
    public ResetCacheParameterGroupResponse reset(ResetCacheParameterGroupRequest request) {
        ParameterGroup group = requireOwn(request.cacheParameterGroupName());
        boolean all = Boolean.TRUE.equals(request.resetAllParameters());
        if (all && !request.parameterNameValues().isEmpty()) {
            throw Faults.invalidParameterCombination(
                    "ParameterNameValues must be left out when ResetAllParameters is true.");
        }
        Map<String, @Nullable String> wanted = new TreeMap<>();
        if (all) {
            group.values(context.handle()).keySet().forEach(name -> wanted.put(name, null));
        } else {
            for (ParameterNameValue pair : changes(request.parameterNameValues())) {
                if (NEVER_RESET.equals(pair.parameterName())) {
                    throw Faults.parameterDoesNotExist(NEVER_RESET);
                }
                wanted.put(modifiable(group, pair.parameterName()).name(), null);
            }
        }
        change(group, wanted);
        return ResetCacheParameterGroupResponse.builder().cacheParameterGroupName(group.id()).build();
    }

    public DeleteCacheParameterGroupResponse delete(DeleteCacheParameterGroupRequest request) {
        ParameterGroup group = requireOwn(request.cacheParameterGroupName());
        if (!group.users(context.handle()).isEmpty()) {
            throw Faults.invalidParameterGroupState("One or more cache clusters are still members of this parameter "
                    + "group %s, so the group cannot be deleted.", group.id());
        }
        group.values(context.handle()).keySet()
                .forEach(name -> ParameterValue.remove(context.handle(), group.key(), name));
        ParameterGroup.TABLE.delete(context.handle(), group.key().account(), group.key().region(), group.id());
        Tags.removeAll(context, group.arn());
        return DeleteCacheParameterGroupResponse.builder().build();
    }

    /** The parameters of a group, by name. */
    public DescribeCacheParametersResponse parameters(DescribeCacheParametersRequest request) {
        ParameterGroup group = ParameterGroups.require(context, request.cacheParameterGroupName());
        String source = request.source();
        if (source != null && !SOURCES.contains(source)) {
            throw Faults.invalidParameterValue("Invalid value %s for Source. Must be one of user, system, "
                    + "engine-default", source);
        }
        Page page = Page.of(request.maxRecords(), request.marker());
        SortedMap<String, String> values = group.values(context.handle());
        List<Parameter> rows = ParameterFamily.named(group.family()).parameters().tailMap(page.after()).values()
                .stream()
                .filter(parameter -> !parameter.name().equals(page.after()))
                .filter(parameter -> source == null || source.equals(source(group, values, parameter)))
                .limit(page.limit()).toList();
        List<Parameter> cut = page.cut(rows);
        return DescribeCacheParametersResponse.builder()
                .parameters(cut.stream().filter(parameter -> !parameter.isNodeSpecific())
                        .map(parameter -> described(parameter, source(group, values, parameter),
                                values.getOrDefault(parameter.name(), parameter.defaultValue())))
                        .toList())
                .cacheNodeTypeSpecificParameters(nodeSpecific(cut))
                .marker(page.next(rows, Parameter::name))
                .build();
    }

    /** The parameters that a new group of a family has, by name. */
    public DescribeEngineDefaultParametersResponse engineDefaults(DescribeEngineDefaultParametersRequest request) {
        ParameterFamily family = family(request.cacheParameterGroupFamily());
        Page page = Page.of(request.maxRecords(), request.marker());
        List<Parameter> rows = family.parameters().tailMap(page.after()).values().stream()
                .filter(parameter -> !parameter.name().equals(page.after())).limit(page.limit()).toList();
        List<Parameter> cut = page.cut(rows);
        return DescribeEngineDefaultParametersResponse.builder().engineDefaults(EngineDefaults.builder()
                .cacheParameterGroupFamily(family.name())
                .parameters(cut.stream().filter(parameter -> !parameter.isNodeSpecific())
                        .map(parameter -> described(parameter, SYSTEM, parameter.defaultValue())).toList())
                .cacheNodeTypeSpecificParameters(nodeSpecific(cut))
                .marker(page.next(rows, Parameter::name))
                .build()).build();
    }

    private List<ParameterGroup> after(Page page) {
        List<ParameterGroup> groups = new ArrayList<>(ParameterGroup.defaults(context.key("")));
        groups.addAll(ParameterGroup.TABLE.select(context.handle(),
                "where account = ? and region = ? and id > ? order by id limit ?", context.caller().account(),
                context.caller().region(), page.after(), page.limit()));
        return groups.stream().filter(group -> group.id().compareTo(page.after()) > 0)
                .sorted(Comparator.comparing(ParameterGroup::id)).limit(page.limit()).toList();
    }

    private ParameterGroup requireOwn(@Nullable String name) {
        ParameterGroup group = ParameterGroups.require(context, name);
        if (group.isDefault()) {
            throw Faults.invalidParameterGroupState("Default parameter group %s cannot be modified or deleted.",
                    group.id());
        }
        return group;
    }

    private static List<ParameterNameValue> changes(List<ParameterNameValue> pairs) {
        if (pairs.isEmpty()) {
            throw Faults.invalidParameterValue(
                    "The parameter ParameterNameValues must be provided and must not be blank.");
        }
        if (pairs.size() > MAX_CHANGES) {
            throw Faults.invalidParameterValue("A maximum of %d parameters may be modified per request.",
                    MAX_CHANGES);
        }
        return pairs;
    }

    private static Parameter modifiable(ParameterGroup group, @Nullable String name) {
        String wanted = Checks.notBlank("ParameterName", name);
        Parameter parameter = ParameterFamily.named(group.family()).parameter(wanted.toLowerCase(Locale.ROOT));
        if (parameter == null) {
            throw Faults.parameterDoesNotExist(wanted);
        }
        if (!parameter.modifiable()) {
            throw Faults.invalidParameterValue("The parameter %s cannot be modified.", parameter.name());
        }
        return parameter;
    }

    private static String allowed(Parameter parameter, @Nullable String value) {
        String text = Objects.requireNonNullElse(value, "");
        if (!parameter.allows(text)) {
            throw Faults.invalidParameterValue("Invalid parameter value: %s for: %s allowed values are: %s", text,
                    parameter.name(), parameter.allowedValues());
        }
        return text;
    }

    /** Stores the values, null for a default, and has the nodes of every cluster with the group told of them. */
    private void change(ParameterGroup group, Map<String, ? extends @Nullable String> wanted) {
        SortedMap<String, String> before = group.values(context.handle());
        List<CacheCluster> users = group.users(context.handle());
        ParameterFamily family = ParameterFamily.named(group.family());
        wanted.forEach((name, value) -> {
            Parameter parameter = Objects.requireNonNull(family.parameter(name));
            String was = before.getOrDefault(name, parameter.defaultValue());
            String becomes = value == null ? parameter.defaultValue() : value;
            if (!was.equals(becomes) && parameter.isFixedAtCreation() && !users.isEmpty()) {
                throw Faults.invalidParameterGroupState("Parameter %s cannot be changed while cache clusters are "
                        + "members of parameter group %s.", name, group.id());
            }
            if (value == null) {
                ParameterValue.remove(context.handle(), group.key(), name);
            } else {
                ParameterValue.put(context.handle(), group.key(), name, value);
            }
            if (!was.equals(becomes)) {
                context.events().parameterGroupEvent(context.handle(), group.key(),
                        "Updated parameter " + name + " to " + becomes);
            }
        });
        // The row changes with its values, so that of two callers at once one begins again.
        ParameterGroup.TABLE.update(context.handle(), group);
        for (CacheCluster cluster : users) {
            if (!cluster.is(CacheClusterStatus.DELETING) && !cluster.parametersWait()) {
                context.workflows().configureCacheCluster(context.handle(), cluster.key());
            }
        }
    }

    private static ParameterFamily family(@Nullable String name) {
        String wanted = Checks.notBlank("CacheParameterGroupFamily", name);
        ParameterFamily family = ParameterFamily.find(wanted);
        if (family == null) {
            throw Faults.invalidParameterValue("CacheParameterGroupFamily %s is not a valid parameter group family.",
                    wanted);
        }
        return family;
    }

    private static String source(ParameterGroup group, SortedMap<String, String> values, Parameter parameter) {
        return !group.isDefault() && values.containsKey(parameter.name()) ? USER : SYSTEM;
    }

    private CacheParameterGroup described(ParameterGroup group) {
        return CacheParameterGroup.builder()
                .cacheParameterGroupName(group.id())
                .cacheParameterGroupFamily(group.family())
                .description(group.description())
                .isGlobal(false)
                .arn(group.arn())
                .build();
    }

    private static software.amazon.awssdk.services.elasticache.model.Parameter described(Parameter parameter,
            String source, String value) {
        return software.amazon.awssdk.services.elasticache.model.Parameter.builder()
                .parameterName(parameter.name())
                .parameterValue(value)
                .description(parameter.description())
                .source(source)
                .dataType(parameter.wireType())
                .allowedValues(parameter.allowedValues())
                .isModifiable(parameter.modifiable())
                .minimumEngineVersion(parameter.minimumVersion())
                .changeType(changeType(parameter))
                .build();
    }

    private static List<CacheNodeTypeSpecificParameter> nodeSpecific(List<Parameter> parameters) {
        return parameters.stream().filter(Parameter::isNodeSpecific)
                .map(parameter -> CacheNodeTypeSpecificParameter.builder()
                        .parameterName(parameter.name())
                        .description(parameter.description())
                        .source(SYSTEM)
                        .dataType(parameter.wireType())
                        .allowedValues(parameter.allowedValues())
                        .isModifiable(parameter.modifiable())
                        .minimumEngineVersion(parameter.minimumVersion())
                        .changeType(changeType(parameter))
                        .cacheNodeTypeSpecificValues(NodeType.all().stream().filter(parameter::isKnownOn)
                                .map(type -> CacheNodeTypeSpecificValue.builder().cacheNodeType(type.name())
                                        .value(parameter.defaultOn(type)).build())
                                .toList())
                        .build())
                .toList();
    }

    private static ChangeType changeType(Parameter parameter) {
        return parameter.change() == Parameter.Change.IMMEDIATE ? ChangeType.IMMEDIATE : ChangeType.REQUIRES_REBOOT;
    }
}
