package dev.cistern.gateway.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;

/**
 * The query protocol's answers: a typed response or a fault as the XML that AWS writes.
 *
 * <p>A list that was never set is left out; one set to nothing becomes an empty element.
 */
final class QueryXml {

    private static final int FIRST_SERVER_STATUS = 500;

    private QueryXml() {}

    static String response(String operation, String namespace, SdkPojo response, String requestId) {
        XmlText xml = new XmlText();
        xml.open(operation + "Response", namespace);
        // AWS leaves the result out where the operation has no output shape at all.
        if (!response.sdkFields().isEmpty()) {
            xml.open(operation + "Result");
            structure(xml, response);
            xml.close(operation + "Result");
        }
        xml.open("ResponseMetadata").leaf("RequestId", requestId).close("ResponseMetadata");
        return xml.close(operation + "Response").text();
    }

    static String fault(String namespace, WireFault fault, String requestId) {
        XmlText xml = new XmlText();
        xml.open("ErrorResponse", namespace).open("Error");
        xml.leaf("Type", fault.status() < FIRST_SERVER_STATUS ? "Sender" : "Receiver");
        xml.leaf("Code", fault.code()).leaf("Message", fault.getMessage());
        return xml.close("Error").leaf("RequestId", requestId).close("ErrorResponse").text();
    }

    private static void structure(XmlText xml, SdkPojo pojo) {
        for (SdkField<?> field : pojo.sdkFields()) {
            Object value = field.getValueOrDefault(pojo);
            if (isSet(value)) {
                value(xml, field, field.unmarshallLocationName(), value);
            }
        }
    }

    private static boolean isSet(@Nullable Object value) {
        return value != null && !(value instanceof SdkAutoConstructList) && !(value instanceof SdkAutoConstructMap);
    }

    private static void value(XmlText xml, SdkField<?> field, String name, Object value) {
        switch (value) {
            case SdkPojo pojo -> {
                xml.open(name);
                structure(xml, pojo);
                xml.close(name);
            }
            case List<?> list -> list(xml, field.getTrait(ListTrait.class), name, list);
            case Map<?, ?> map -> map(xml, field.getTrait(MapTrait.class), name, map);
            default -> xml.leaf(name, ScalarText.format(value));
        }
    }

    private static void list(XmlText xml, ListTrait trait, String name, List<?> list) {
        SdkField<?> item = trait.memberFieldInfo();
        if (trait.isFlattened()) {
            list.forEach(value -> value(xml, item, name, value));
            return;
        }
        if (list.isEmpty()) {
            xml.empty(name);
            return;
        }
        String modelled = trait.memberLocationName();
        String itemName = modelled != null ? modelled : item.unmarshallLocationName();
        xml.open(name);
        list.forEach(value -> value(xml, item, itemName, value));
        xml.close(name);
    }

    private static void map(XmlText xml, MapTrait trait, String name, Map<?, ?> map) {
        String entryName = trait.isFlattened() ? name : "entry";
        if (!trait.isFlattened()) {
            xml.open(name);
        }
        map.forEach((key, value) -> {
            xml.open(entryName).leaf(trait.keyLocationName(), key.toString());
            value(xml, trait.valueFieldInfo(), trait.valueLocationName(), value);
            xml.close(entryName);
        });
        if (!trait.isFlattened()) {
            xml.close(name);
        }
    }
}
