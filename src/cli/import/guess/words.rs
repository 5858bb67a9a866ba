//! The names that columns have in other systems, and their words for kinds of events.

/// A field of ours, with names that it has elsewhere: in lower case, letters and digits only, the best first.
pub(super) struct Known {
    pub(super) field: &'static str,
    pub(super) names: &'static str,
}

const fn known(field: &'static str, names: &'static str) -> Known {
    Known { field, names }
}

pub(super) const USER: &str = "userid customerid customeruniqueid visitorid memberid buyerid clientid userpseudoid buyeruserid useremail customeremail buyeremail customer user visitor buyer member emailbilling billingemail email username uid household householdid kunde kundennr 用户id 用户 买家会员名 买家 下单帐号 会员 会员id";
pub(super) const ITEM: &str = "itemid productid lineitemsku sellersku itemsku variantsku sku productsku listingid stockcode goodsid articleid movieid asin variantid item product article artikelnummer artikel iid 商品id 商品编号 商品编码 商家编码 商品 宝贝id";
pub(super) const MERCHANT: &str = "merchantid sellerid shopid vendorid storeid merchant seller shop vendor store 店铺id 店铺名称 店铺 商家 卖家";
pub(super) const AT: &str = "timestamp eventtime eventtimestamp createdat orderdate purchasedate saledate invoicedate orderpurchasetimestamp ordercreatedat datetime time date at ts created when week datum bestelldatum 下单时间 订单创建时间 时间 日期";
pub(super) const KIND: &str = "eventtype eventname behaviortype behaviour behavior feedbacktype event action aktion kind type 行为 行为类型";
/// The price of one piece.
pub(super) const PRICE: &str = "saleprice unitprice unitamount lineitemprice variantprice regularprice itemcost priceeach cost price preis stückpreis 京东价 单价 价格 售价";
/// Ratings from 1 to 5.
pub(super) const RATING: &str = "rating stars score 评分";
/// The state of an order.
pub(super) const STATUS: &str =
    "orderstatus financialstatus itemstatus paymentstatus status 订单状态";

/// The fields of an event.
pub(super) const EVENT: [Known; 8] = [
    known("user_id", USER),
    known("item_id", ITEM),
    known("kind", KIND),
    known("at", AT),
    known("merchant_id", MERCHANT),
    known(
        "amount",
        "amount revenue rowtotal linetotal itemprice itemrevenue lineamount 买家实际支付金额 实付金额 total totalprice sales salesvalue eventvalue value payment betrag umsatz 金额",
    ),
    known(
        "quantity",
        "quantity qty qtyordered quantitypurchased lineitemquantity pieces count menge anzahl 宝贝总数量 订购数量 数量",
    ),
    known(
        "id",
        "eventid messageid transactionid orderitemid orderlineid id orderid ordernumber orderno amazonorderid invoiceno order bestellnummer 订单号 订单编号",
    ),
];

const CATEGORY: Known = known(
    "category",
    "category categoryid categories categorycode department producttype type class kategorie 类目 分类",
);
const BRAND: Known = known("brand", "brand marke manufacturer 品牌");

/// The fields of an item.
pub(super) const CATALOGUE: [Known; 9] = [
    known(
        "id",
        "itemid productid sku id handle goodsid listingid asin article item artikelnummer 商品id 商品编号 商品编码",
    ),
    known(
        "title",
        "title name productname itemname description bezeichnung 商品名称 宝贝标题 标题 名称",
    ),
    known("price", PRICE),
    CATEGORY,
    BRAND,
    known("tags", "tags labels genres keywords 标签"),
    known(
        "available",
        "available availability instock isavailable status stock 库存 状态",
    ),
    known(
        "listed_at",
        "listedat createdat creationtimestamp publishedat created 上架时间",
    ),
    known("merchant_id", MERCHANT),
];

/// The fields of an item that rows of events tell.
pub(super) const MENTIONED: [Known; 5] = [
    known(
        "title",
        "itemname producttitle productname lineitemname itemtitle description title 商品名称 宝贝标题 商品标题",
    ),
    known("price", PRICE),
    CATEGORY,
    BRAND,
    known("merchant_id", MERCHANT),
];

/// The fields of a merchant.
pub(super) const SHOP: [Known; 5] = [
    known("id", MERCHANT),
    known(
        "name",
        "shopname sellername merchantname storename vendorname name title 店铺名称",
    ),
    known("category", "category department sells 主营类目 类目"),
    known(
        "region",
        "region state province city country sellerstate 省份 地区",
    ),
    known(
        "joined_at",
        "joinedat openedat opened createdat created since registeredat 开店时间",
    ),
];

/// The fields of a user.
pub(super) const PERSON: [Known; 3] = [
    known("id", USER),
    known(
        "tags",
        "tags labels interests segment segments membership 标签",
    ),
    known("region", "region state province city country 省份 地区"),
];

/// Words for kinds of events.
const KINDS: [(&str, &str); 11] = [
    ("impression", "impression show exposure viewitemlist 曝光"),
    (
        "view",
        "view pv read watch viewitem productviewed pageview detail 浏览 点击浏览",
    ),
    ("click", "click clk selectitem productclicked 点击"),
    (
        "favourite",
        "favourite favorite fav like star wishlist addtowishlist 收藏",
    ),
    (
        "cart",
        "cart addtocart addcart productadded basket 加购 加购物车",
    ),
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

/// Words for orders that are no sale.
const NO_SALE: &str =
    "canceled cancelled refunded voided failed returned expired 交易关闭 已取消 已关闭 已退款";

/// Returns the kind of an event that a word means.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    let word = bare(word);
    let means = |(_, words): &&(&str, &str)| words.split(' ').any(|known| known == word);
    KINDS.iter().find(means).map(|(kind, _)| *kind)
}

/// Returns true for the state of an order that is no sale.
pub(super) fn is_no_sale(word: &str) -> bool {
    let word = bare(word);
    NO_SALE.split(' ').any(|known| known == word)
}

/// Returns a name in lower case, with letters and digits only.
pub(super) fn bare(name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name);
    let name = name.split(':').next().unwrap_or(name);
    let letters = name.chars().filter(|char| char.is_alphanumeric());
    letters.collect::<String>().to_lowercase()
}
