//! The names that columns have in other systems, and their words for kinds of events.

/// A field of ours, with names that it has elsewhere: in lower case, letters and digits only, the best first.
pub(super) struct Known {
    pub(super) field: &'static str,
    pub(super) names: &'static str,
}

const ITEM: &str = "itemid productid sku lineitemsku stockcode goodsid articleid movieid asin variantsku item product article iid 商品id 商品编号 商品 宝贝id";
const MERCHANT: &str = "merchantid sellerid shopid vendorid storeid merchant seller shop vendor store 店铺id 店铺 商家 卖家";

/// The fields of an event.
pub(super) const EVENT: [Known; 8] = [
    Known {
        field: "user_id",
        names: "userid customerid customeruniqueid visitorid memberid buyerid clientid userpseudoid customer user visitor buyer email uid household householdid kunde kundennr 用户id 用户 买家 会员 会员id",
    },
    Known {
        field: "item_id",
        names: ITEM,
    },
    Known {
        field: "kind",
        names: "eventtype eventname behaviortype behaviour behavior feedbacktype event action aktion kind type 行为 行为类型",
    },
    Known {
        field: "at",
        names: "timestamp eventtime eventtimestamp createdat orderdate invoicedate orderpurchasetimestamp datetime time date at ts created when datum 下单时间 时间 日期",
    },
    Known {
        field: "merchant_id",
        names: MERCHANT,
    },
    Known {
        field: "amount",
        names: "amount revenue total totalprice sales salesvalue eventvalue value payment betrag 金额 实付金额",
    },
    Known {
        field: "quantity",
        names: "quantity qty lineitemquantity pieces count menge 数量",
    },
    Known {
        field: "id",
        names: "eventid messageid id transactionid orderid orderno invoiceno order name 订单号 订单编号",
    },
];

/// The fields of an item.
pub(super) const CATALOGUE: [Known; 9] = [
    Known {
        field: "id",
        names: "itemid productid sku id handle goodsid asin article item 商品id 商品编号",
    },
    Known {
        field: "title",
        names: "title name productname itemname description bezeichnung 商品名称 标题 名称",
    },
    Known {
        field: "price",
        names: "saleprice price unitprice variantprice regularprice cost preis 价格 售价",
    },
    Known {
        field: "category",
        names: "category categoryid categories categorycode department producttype type class kategorie 类目 分类",
    },
    Known {
        field: "brand",
        names: "brand marke manufacturer 品牌",
    },
    Known {
        field: "tags",
        names: "tags labels genres keywords 标签",
    },
    Known {
        field: "available",
        names: "available availability instock isavailable status stock 库存 状态",
    },
    Known {
        field: "listed_at",
        names: "listedat createdat creationtimestamp publishedat created 上架时间",
    },
    Known {
        field: "merchant_id",
        names: MERCHANT,
    },
];

/// Words for kinds of events.
const KINDS: [(&str, &str); 11] = [
    ("impression", "impression show exposure viewitemlist 曝光"),
    (
        "view",
        "view pv read watch viewitem productviewed detail 浏览",
    ),
    ("click", "click clk selectitem productclicked 点击"),
    (
        "favourite",
        "favourite favorite fav like star wishlist addtowishlist 收藏",
    ),
    ("cart", "cart addtocart addcart productadded basket 加购"),
    (
        "purchase",
        "purchase buy transaction order ordercompleted sale 购买 下单",
    ),
    ("refund", "refund return orderrefunded 退款"),
    ("share", "share 分享"),
    ("follow", "follow 关注"),
    ("dislike", "dislike hate 不喜欢"),
    ("remove_from_cart", "removefromcart productremoved"),
];

/// Returns the kind of an event that a word means.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    let word = bare(word);
    let means = |(_, words): &&(&str, &str)| words.split(' ').any(|known| known == word);
    KINDS.iter().find(means).map(|(kind, _)| *kind)
}

/// Returns a name in lower case, with letters and digits only.
pub(super) fn bare(name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    let name = name.split(':').next().unwrap_or(name);
    let letters = name.chars().filter(|char| char.is_alphanumeric());
    letters.collect::<String>().to_lowercase()
}
